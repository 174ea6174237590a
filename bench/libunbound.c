/*
 * Asks libunbound for what it has in its cache: cc -O2 libunbound.c -lunbound
 *   libunbound FORWARDER ANCHOR-FILE NAME...
 * Reads "sync MILLISECONDS" or "async IN-FLIGHT MILLISECONDS" from standard input and prints the microseconds that one
 * TLSA question took. Ends with an error if an answer is not secure.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unbound.h>

enum { TYPE_TLSA = 52, CLASS_IN = 1 };

static struct ub_ctx *context;
static char **names;
static int name_count;
static long asked, answered;
static int in_flight;
static double until;

static double now_us(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1e6 + t.tv_nsec / 1e3;
}

static void fail(const char *what, const char *why) {
  fprintf(stderr, "%s: %s\n", what, why);
  exit(1);
}

static void check(const char *name, int error, const struct ub_result *result) {
  if (error) fail(name, ub_strerror(error));
  if (!result->secure) fail(name, result->why_bogus ? result->why_bogus : "not secure");
}

static const char *next_name(void) { return names[asked++ % name_count]; }

static void ask_one(void) {
  const char *name = next_name();
  struct ub_result *result;
  int error = ub_resolve(context, name, TYPE_TLSA, CLASS_IN, &result);
  check(name, error, result);
  ub_resolve_free(result);
  answered++;
}

static void start_one(void);

static void on_answer(void *name, int error, struct ub_result *result) {
  check(name, error, result);
  ub_resolve_free(result);
  answered++;
  in_flight--;
  if (now_us() < until) start_one();
}

static void start_one(void) {
  const char *name = next_name();
  int error = ub_resolve_async(context, name, TYPE_TLSA, CLASS_IN, (void *)name, on_answer, NULL);
  if (error) fail(name, ub_strerror(error));
  in_flight++;
}

static double measure(int at_once, int milliseconds) {
  double start = now_us();
  until = start + milliseconds * 1e3;
  answered = 0;
  if (at_once == 0) {
    do ask_one();
    while (now_us() < until);
  } else {
    for (int i = 0; i < at_once; i++) start_one();
    while (in_flight > 0) {
      struct pollfd ready = {.fd = ub_fd(context), .events = POLLIN};
      poll(&ready, 1, 1000);
      int error = ub_process(context);
      if (error) fail("ub_process", ub_strerror(error));
    }
  }
  return (now_us() - start) / answered;
}

int main(int argc, char **argv) {
  if (argc < 4) fail("usage", "libunbound FORWARDER ANCHOR-FILE NAME...");
  context = ub_ctx_create();
  if (!context) fail("ub_ctx_create", "no memory");
  names = argv + 3;
  name_count = argc - 3;
  int error = ub_ctx_set_fwd(context, argv[1]);
  if (!error) error = ub_ctx_set_option(context, "do-not-query-localhost:", "no");
  if (!error) error = ub_ctx_add_ta_file(context, argv[2]);
  if (!error) error = ub_ctx_async(context, 1); /* a thread of its own, as programs with an event loop have it */
  if (error) fail("settings", ub_strerror(error));
  for (int i = 0; i < name_count; i++) ask_one();
  char line[100];
  while (fgets(line, sizeof line, stdin)) {
    int at_once = 0, milliseconds = 0;
    if (sscanf(line, "sync %d", &milliseconds) != 1 && sscanf(line, "async %d %d", &at_once, &milliseconds) != 2)
      fail("what is", line);
    printf("%.3f\n", measure(at_once, milliseconds));
    fflush(stdout);
  }
  ub_ctx_delete(context);
  return 0;
}
