// The door to libevent: sockets, timers, buffers, and TLS over them.
#pragma once
// The system's types before libevent asks for GNU's variants of them, which no other module has.
#include <sys/types.h>
#include <sys/socket.h>
#include <netinet/in.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <event2/thread.h>
