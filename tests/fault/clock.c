// Loaded before a program (LD_PRELOAD), it adds what a file says (seconds, decimal) to the time of day, as if somebody set
// the clock of the machine. GH_CLOCK_FILE names the file.
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static long Offset(void) {
  char text[32] = {0};
  const char* path = getenv("GH_CLOCK_FILE");
  const int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
  if (file < 0) return 0;
  const ssize_t got = read(file, text, sizeof(text) - 1);
  close(file);
  return got > 0 ? atol(text) : 0;
}

// Asks the kernel itself: to look the real function up is too early where a sanitizer begins.
int clock_gettime(clockid_t clock, struct timespec* now) {
  const long status = syscall(SYS_clock_gettime, clock, now);
  if (status == 0 && clock == CLOCK_REALTIME) now->tv_sec += Offset();
  return (int)status;
}
