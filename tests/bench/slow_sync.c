/* A storage that needs SYNC_DELAY_US for each sync, as SD cards do. Preloaded: gcc -shared -fPIC -O2 slow_sync.c -ldl */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>

typedef int (*sync_function)(int);

static int slowly(const char *name, int file) {
    const char *told = getenv("SYNC_DELAY_US");
    long delay = told ? atol(told) : 0;
    struct timespec pause = {delay / 1000000, delay % 1000000 * 1000};
    nanosleep(&pause, NULL);
    return ((sync_function)dlsym(RTLD_NEXT, name))(file);
}

int fsync(int file) { return slowly("fsync", file); }

int fdatasync(int file) { return slowly("fdatasync", file); }
