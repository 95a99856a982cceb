// Blocking.swift: the bridge from the synchronous command to what is asynchronous below it.
internal import Glibc

/// Runs an asynchronous body and waits for it on the calling thread.
///
/// The command's `main` is synchronous, because to start Swift's concurrency takes longer than to make a code. Only
/// commands that open the store cross this bridge. Never call it from inside a task.
func blocking<T: Sendable>(_ body: @escaping @Sendable () async throws -> T) throws -> T {
    let answer = Answer<T>()
    Task {
        do {
            answer.set(.success(try await body()))
        } catch {
            answer.set(.failure(error))
        }
    }
    return try answer.wait().get()
}

/// A value that one thread waits for and another one sets.
///
/// `@unchecked`: the value is touched only while the mutex is held; mutex and condition live at fixed addresses of the heap.
private final class Answer<T: Sendable>: @unchecked Sendable {
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let isSet = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var value: Result<T, any Error>?

    init() {
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(isSet, nil)
    }

    deinit {
        pthread_cond_destroy(isSet)
        pthread_mutex_destroy(mutex)
        isSet.deallocate()
        mutex.deallocate()
    }

    func set(_ value: Result<T, any Error>) {
        pthread_mutex_lock(mutex)
        self.value = value
        pthread_cond_signal(isSet)
        pthread_mutex_unlock(mutex)
    }

    func wait() -> Result<T, any Error> {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while true {
            if let value { return value }
            pthread_cond_wait(isSet, mutex)
        }
    }
}
