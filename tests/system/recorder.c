/* Records what a process does to the files of one folder, in order: writes, truncations, names made and taken, syncs.
 *
 * LD_PRELOAD=recorder.so POWER_WATCH=/folder POWER_LOG=/elsewhere/log. Syncs are recorded and not carried out: whoever
 * replays the log decides what a power loss would have left.
 *
 * A record is a head (below), then the name, then the data. Files are known by their inode, so that a rename does not
 * confuse what was written before it with what is written after.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

struct head {
    uint32_t op; /* one of the letters used below */
    uint32_t name_length;
    uint64_t inode;
    uint64_t offset; /* of a write; the new length of a truncation */
    uint64_t length; /* of the data that follows */
};

static const char *watched;
static size_t watched_length;
static int log_file = -1;
static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;

__attribute__((constructor)) static void begin(void) {
    const char *log = getenv("POWER_LOG");
    watched = getenv("POWER_WATCH");
    if (log == NULL || watched == NULL) return;
    watched_length = strlen(watched);
    log_file = (int)syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

/* The next definition of a function of ours, looked up once. */
#define REAL(name) \
    static __typeof__(name) *real; \
    if (real == NULL) real = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)

static int is_watched(const char *path) {
    return log_file >= 0 && path != NULL && strncmp(path, watched, watched_length) == 0;
}

static int path_of(int file, char *path, size_t room) {
    char link[40];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = log_file < 0 ? -1 : readlink(link, path, room - 1);
    if (length < 0) return 0;
    path[length] = 0;
    return is_watched(path);
}

static void put(const void *bytes, size_t count) {
    while (count > 0) {
        ssize_t done = syscall(SYS_write, log_file, bytes, count);
        if (done < 0) abort(); /* a log with a hole proves nothing */
        bytes = (const char *)bytes + done;
        count -= (size_t)done;
    }
}

static void note(char op, uint64_t inode, uint64_t offset, const char *name, const void *data, size_t length) {
    struct head head = {(uint32_t)op, name == NULL ? 0 : (uint32_t)strlen(name), inode, offset, length};
    pthread_mutex_lock(&turn);
    put(&head, sizeof head);
    if (head.name_length > 0) put(name, head.name_length);
    if (length > 0) put(data, length);
    pthread_mutex_unlock(&turn);
}

/* ---- names ---- */

static void note_opened(const char *path, int flags, int was_there, int file) {
    struct stat about;
    if (file < 0 || !is_watched(path) || fstat(file, &about) != 0) return;
    if (!was_there) note('C', about.st_ino, 0, path, NULL, 0);
    else if (flags & O_TRUNC) note('T', about.st_ino, 0, NULL, NULL, 0);
}

#define OPEN(name, arguments) \
    { \
        mode_t mode = 0; \
        if (flags & (O_CREAT | O_TMPFILE)) { \
            va_list rest; \
            va_start(rest, flags); \
            mode = va_arg(rest, mode_t); \
            va_end(rest); \
        } \
        REAL(name); \
        int was_there = is_watched(path) && access(path, F_OK) == 0; \
        int file = real arguments; \
        note_opened(path, flags, was_there, file); \
        return file; \
    }

int open(const char *path, int flags, ...) OPEN(open, (path, flags, mode))
int open64(const char *path, int flags, ...) OPEN(open64, (path, flags, mode))
int openat(int folder, const char *path, int flags, ...) OPEN(openat, (folder, path, flags, mode))
int openat64(int folder, const char *path, int flags, ...) OPEN(openat64, (folder, path, flags, mode))

int rename(const char *old, const char *new) {
    REAL(rename);
    int result = real(old, new);
    if (result == 0 && is_watched(new)) note('R', 0, 0, new, old, strlen(old));
    return result;
}

int unlink(const char *path) {
    REAL(unlink);
    int result = real(path);
    if (result == 0 && is_watched(path)) note('U', 0, 0, path, NULL, 0);
    return result;
}

int mkdir(const char *path, mode_t mode) {
    REAL(mkdir);
    int result = real(path, mode);
    if (result == 0 && is_watched(path)) note('M', 0, 0, path, NULL, 0);
    return result;
}

/* ---- content ---- */

static void note_written(int file, off64_t at, const void *data, ssize_t done) {
    char path[1024];
    struct stat about;
    if (done > 0 && path_of(file, path, sizeof path) && fstat(file, &about) == 0)
        note('W', about.st_ino, (uint64_t)at, NULL, data, (size_t)done);
}

ssize_t write(int file, const void *data, size_t count) {
    REAL(write);
    struct stat about;
    off64_t at = 0;
    if (log_file >= 0 && fstat(file, &about) == 0 && S_ISREG(about.st_mode))
        at = fcntl(file, F_GETFL) & O_APPEND ? about.st_size : lseek64(file, 0, SEEK_CUR);
    ssize_t done = real(file, data, count);
    note_written(file, at, data, done);
    return done;
}

ssize_t pwrite(int file, const void *data, size_t count, off_t at) {
    REAL(pwrite);
    ssize_t done = real(file, data, count, at);
    note_written(file, at, data, done);
    return done;
}

ssize_t pwrite64(int file, const void *data, size_t count, off64_t at) {
    REAL(pwrite64);
    ssize_t done = real(file, data, count, at);
    note_written(file, at, data, done);
    return done;
}

static void note_length(int file, uint64_t length) {
    char path[1024];
    struct stat about;
    if (path_of(file, path, sizeof path) && fstat(file, &about) == 0) note('T', about.st_ino, length, NULL, NULL, 0);
}

int ftruncate(int file, off_t length) {
    REAL(ftruncate);
    int result = real(file, length);
    if (result == 0) note_length(file, (uint64_t)length);
    return result;
}

int ftruncate64(int file, off64_t length) {
    REAL(ftruncate64);
    int result = real(file, length);
    if (result == 0) note_length(file, (uint64_t)length);
    return result;
}

/* ---- promises ---- */

static int synced(int file, int (*real)(int)) {
    char path[1024];
    struct stat about;
    if (!path_of(file, path, sizeof path)) return real(file);
    if (fstat(file, &about) == 0) note('S', about.st_ino, 0, path, NULL, 0);
    return 0;
}

int fsync(int file) {
    REAL(fsync);
    return synced(file, real);
}

int fdatasync(int file) {
    REAL(fdatasync);
    return synced(file, real);
}
