// The door to libpq: the calls of PostgreSQL's C interface that are made. Nothing is linked and no header of libpq's is
// needed: the library is loaded when a store in PostgreSQL is first opened, because it brings Kerberos and LDAP with it.
#pragma once
#include <dlfcn.h>

typedef struct pg_conn latchkey_pq_connection;
typedef struct pg_result latchkey_pq_result;

/// One setting of a connection, as libpq lays it out (PQconninfoOption).
typedef struct latchkey_pq_option {
    char *keyword, *environment, *compiled, *value, *label, *display;
    int size;
} latchkey_pq_option;

// Values of libpq's enumerations; they are part of its stable binary interface.
enum { LATCHKEY_PQ_OK = 0 };  // ConnStatusType CONNECTION_OK
enum {                         // ExecStatusType
    LATCHKEY_PQ_EMPTY_QUERY = 0, LATCHKEY_PQ_COMMAND_OK = 1, LATCHKEY_PQ_TUPLES_OK = 2, LATCHKEY_PQ_SINGLE_TUPLE = 9,
    LATCHKEY_PQ_PIPELINE_SYNC = 10, LATCHKEY_PQ_PIPELINE_ABORTED = 11,
};

/// The calls.
typedef struct latchkey_pq {
    latchkey_pq_connection *(*connect)(const char *const *keywords, const char *const *values, int expand);
    void (*finish)(latchkey_pq_connection *);
    int (*status)(const latchkey_pq_connection *);
    char *(*error_message)(const latchkey_pq_connection *);
    int (*socket)(const latchkey_pq_connection *);
    int (*set_nonblocking)(latchkey_pq_connection *, int);
    void (*(*set_notice_receiver)(latchkey_pq_connection *, void (*)(void *, const latchkey_pq_result *), void *))(
        void *, const latchkey_pq_result *);
    latchkey_pq_option *(*parse)(const char *url, char **error);
    void (*free_options)(latchkey_pq_option *);
    void (*free_memory)(void *);
    int (*send_query)(latchkey_pq_connection *, const char *text);
    int (*send_query_params)(latchkey_pq_connection *, const char *text, int count, const unsigned *types,
        const char *const *values, const int *lengths, const int *formats, int resultFormat);
    int (*send_prepare)(latchkey_pq_connection *, const char *name, const char *text, int count, const unsigned *types);
    int (*send_describe)(latchkey_pq_connection *, const char *name);
    int (*send_prepared)(latchkey_pq_connection *, const char *name, int count, const char *const *values,
        const int *lengths, const int *formats, int resultFormat);
    int (*set_single_row_mode)(latchkey_pq_connection *);
    int (*enter_pipeline)(latchkey_pq_connection *);
    int (*exit_pipeline)(latchkey_pq_connection *);
    int (*pipeline_sync)(latchkey_pq_connection *);
    int (*flush)(latchkey_pq_connection *);
    int (*consume_input)(latchkey_pq_connection *);
    int (*is_busy)(latchkey_pq_connection *);
    latchkey_pq_result *(*get_result)(latchkey_pq_connection *);
    int (*result_status)(const latchkey_pq_result *);
    char *(*result_error_field)(const latchkey_pq_result *, int field);
    void (*clear)(latchkey_pq_result *);
    int (*row_count)(const latchkey_pq_result *);
    int (*column_count)(const latchkey_pq_result *);
    char *(*column_name)(const latchkey_pq_result *, int column);
    unsigned (*column_type)(const latchkey_pq_result *, int column);
    int (*is_null)(const latchkey_pq_result *, int row, int column);
    char *(*value)(const latchkey_pq_result *, int row, int column);
    int (*length)(const latchkey_pq_result *, int row, int column);
    char *(*command_status)(latchkey_pq_result *);
    char *(*command_rows)(latchkey_pq_result *);
    int (*parameter_count)(const latchkey_pq_result *);
    unsigned (*parameter_type)(const latchkey_pq_result *, int index);
} latchkey_pq;

#define LATCHKEY_FIND(member, name) \
    if (!(calls->member = (__typeof__(calls->member))dlsym(library, #name))) return -1

/// Loads the library and finds its calls. Zero when all are there.
static inline int latchkey_pq_load(latchkey_pq *calls) {
    void *library = dlopen("libpq.so.5", RTLD_NOW | RTLD_LOCAL);
    if (!library) return -1;
    LATCHKEY_FIND(connect, PQconnectdbParams);
    LATCHKEY_FIND(finish, PQfinish);
    LATCHKEY_FIND(status, PQstatus);
    LATCHKEY_FIND(error_message, PQerrorMessage);
    LATCHKEY_FIND(socket, PQsocket);
    LATCHKEY_FIND(set_nonblocking, PQsetnonblocking);
    LATCHKEY_FIND(set_notice_receiver, PQsetNoticeReceiver);
    LATCHKEY_FIND(parse, PQconninfoParse);
    LATCHKEY_FIND(free_options, PQconninfoFree);
    LATCHKEY_FIND(free_memory, PQfreemem);
    LATCHKEY_FIND(send_query, PQsendQuery);
    LATCHKEY_FIND(send_query_params, PQsendQueryParams);
    LATCHKEY_FIND(send_prepare, PQsendPrepare);
    LATCHKEY_FIND(send_describe, PQsendDescribePrepared);
    LATCHKEY_FIND(send_prepared, PQsendQueryPrepared);
    LATCHKEY_FIND(set_single_row_mode, PQsetSingleRowMode);
    LATCHKEY_FIND(enter_pipeline, PQenterPipelineMode);
    LATCHKEY_FIND(exit_pipeline, PQexitPipelineMode);
    LATCHKEY_FIND(pipeline_sync, PQpipelineSync);
    LATCHKEY_FIND(flush, PQflush);
    LATCHKEY_FIND(consume_input, PQconsumeInput);
    LATCHKEY_FIND(is_busy, PQisBusy);
    LATCHKEY_FIND(get_result, PQgetResult);
    LATCHKEY_FIND(result_status, PQresultStatus);
    LATCHKEY_FIND(result_error_field, PQresultErrorField);
    LATCHKEY_FIND(clear, PQclear);
    LATCHKEY_FIND(row_count, PQntuples);
    LATCHKEY_FIND(column_count, PQnfields);
    LATCHKEY_FIND(column_name, PQfname);
    LATCHKEY_FIND(column_type, PQftype);
    LATCHKEY_FIND(is_null, PQgetisnull);
    LATCHKEY_FIND(value, PQgetvalue);
    LATCHKEY_FIND(length, PQgetlength);
    LATCHKEY_FIND(command_status, PQcmdStatus);
    LATCHKEY_FIND(command_rows, PQcmdTuples);
    LATCHKEY_FIND(parameter_count, PQnparams);
    LATCHKEY_FIND(parameter_type, PQparamtype);
    return 0;
}

#undef LATCHKEY_FIND

/// What libpq calls with a server's notices: nobody reads them. Without it they go to standard error.
static inline void latchkey_pq_ignore(void *context, const latchkey_pq_result *notice) {
    (void)context;
    (void)notice;
}
static inline void latchkey_pq_be_quiet(const latchkey_pq *calls, latchkey_pq_connection *connection) {
    calls->set_notice_receiver(connection, latchkey_pq_ignore, 0);
}
