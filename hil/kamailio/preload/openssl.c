// Loaded into Kamailio before OpenSSL 3. Kamailio lets OpenSSL allocate in memory that its processes share; what OpenSSL keeps
// for each thread (the queue of errors, the random generator) is made in the first process, and the others inherit pointers to
// the same memory. Two of them that report TLS errors at once free and overwrite each other's, and one crashes. So a new
// process begins without these pointers, and OpenSSL makes it what it needs. Kamailio does this itself since 5.8
// (tls_threads_mode 2; kamailio issue 3791); Debian 12 has 5.6.

#include <limits.h>
#include <pthread.h>

static void forget(void)
{
    for (pthread_key_t key = 0; key < PTHREAD_KEYS_MAX; key++)
        pthread_setspecific(key, 0); // EINVAL for a key that is not in use
}

__attribute__((constructor)) static void begin(void)
{
    pthread_atfork(0, 0, forget);
}
