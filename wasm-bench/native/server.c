// The process of the engines c and c-plain, of which it has one: GET /process and /health as SPEC.md has them, over HTTP/1.1 on a loopback port that it prints as
// {"event":"listen","port":N}. It serves one connection at a time and ends with its standard input. loadgen bench is its
// client: it reads what that sends, and nothing more of HTTP.

#include "kernel.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#ifndef ENGINE
#define ENGINE "c"
#endif

struct size {
  const char *name;
  int w, h;
};

static const struct size SIZES[] = {{"small", 800, 600}, {"medium", 1920, 1080}, {"large", 4096, 2160}};

// What a worker's module keeps too: the engine, and the last test image.
static struct engine engine;
static const struct size *drawn;
static uint8_t *input;

static int triangle(int v) {
  v &= 511;
  return v < 256 ? v : 511 - v;
}

static uint8_t *test_image(int w, int h) {
  uint8_t *pix = malloc((size_t)w * h * 4), *p = pix;
  if (!pix) return NULL;
  uint32_t seed = 1;
  for (int y = 0; y < h; y++) {
    for (int x = 0; x < w; x++, p += 4) {
      seed = seed * 1664525 + 1013904223;
      int noise = seed >> 24 & 31;
      p[0] = (uint8_t)((x * 255 / w) ^ noise);
      p[1] = (uint8_t)((y * 255 / h) ^ noise);
      p[2] = (uint8_t)(((triangle(5 * x) + triangle(7 * y)) >> 1) ^ noise);
      p[3] = 255;
    }
  }
  return pix;
}

static uint32_t hash(const uint8_t *bytes, size_t n) {
  uint32_t h = 0x811c9dc5;
  for (size_t i = 0; i < n; i++) h = (h ^ bytes[i]) * 0x01000193;
  return h;
}

static const struct size *size_of(const char *query) {
  for (size_t i = 0; i < sizeof SIZES / sizeof *SIZES; i++) {
    char want[32];
    snprintf(want, sizeof want, "size=%s", SIZES[i].name);
    if (strstr(query, want)) return &SIZES[i];
  }
  return NULL;
}

static int reply(int conn, const char *status, const char *headers, const char *body) {
  char text[1024];
  int n = snprintf(text, sizeof text, "HTTP/1.1 %s\r\nContent-Type: application/json\r\n%sContent-Length: %zu\r\n\r\n%s",
                   status, headers, strlen(body), body);
  return write(conn, text, (size_t)n) == n ? 0 : -1;
}

static int process(int conn, const char *query) {
  const struct size *size = size_of(query);
  const char *found = strstr(query, "reps=");
  int reps = found ? atoi(found + 5) : 1;
  if (!size || !strstr(query, "engine=" ENGINE "&") || reps < 1 || reps > 50) {
    return reply(conn, "400 Bad Request", "", "want engine=" ENGINE ", size of small, medium, large, and reps from 1 to 50");
  }
  if (drawn != size) {
    free(input);
    input = test_image(size->w, size->h);
    drawn = input ? size : NULL;
  }
  if (!input) return reply(conn, "500 Internal Server Error", "", "out of memory");
  char headers[80] = "", body[120];
  if (!strstr(query, "op=none")) {
    uint8_t *result = NULL;
    for (int i = 0; i < reps; i++) {
      free(result);
      result = engine_run(&engine, input, size->w, size->h);
    }
    if (!result) return reply(conn, "500 Internal Server Error", "", "out of memory");
    int n = snprintf(headers, sizeof headers, "X-Engine: " ENGINE "\r\n");
    if (strstr(query, "hash=1")) {
      snprintf(headers + n, sizeof headers - (size_t)n, "X-Output-Hash: %08x\r\n", hash(result, (size_t)size->w * size->h));
    }
    free(result);
  }
  snprintf(body, sizeof body, "{\"engine\":\"" ENGINE "\",\"size\":\"%s\",\"reps\":%d}", size->name, reps);
  return reply(conn, "200 OK", headers, body);
}

// Reads one request and answers it; -1 ends the connection.
static int serve(int conn) {
  char request[4096];
  size_t n = 0;
  do {
    ssize_t got = n < sizeof request - 1 ? read(conn, request + n, sizeof request - 1 - n) : 0;
    if (got <= 0) return -1;
    n += (size_t)got;
    request[n] = 0;
  } while (!strstr(request, "\r\n\r\n"));
  request[strcspn(request, "\r")] = 0;
  if (!strncmp(request, "GET /process?", 13)) return process(conn, request + 13);
  if (!strncmp(request, "GET /health ", 12)) return reply(conn, "200 OK", "", "ok");
  return reply(conn, "404 Not Found", "", "want GET /process or GET /health");
}

static int listen_on_loopback(void) {
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof at;
  int door = socket(AF_INET, SOCK_STREAM, 0);
  if (door < 0 || bind(door, (struct sockaddr *)&at, sizeof at) || listen(door, 8) || getsockname(door, (struct sockaddr *)&at, &length)) {
    perror("listen on loopback");
    return -1;
  }
  printf("{\"event\":\"listen\",\"port\":%d}\n", ntohs(at.sin_port));
  fflush(stdout);
  return door;
}

int main(void) {
  if (!__builtin_cpu_supports("avx2")) {
    fprintf(stderr, "this processor has no AVX2\n");
    return 1;
  }
  int door = listen_on_loopback(), conn = -1, on = 1;
  if (door < 0) return 1;
  for (;;) {
    struct pollfd wait[2] = {{.fd = STDIN_FILENO, .events = POLLIN}, {.fd = conn < 0 ? door : conn, .events = POLLIN}};
    if (poll(wait, 2, -1) < 0 && errno != EINTR) return 1;
    char ignored[64];
    if (wait[0].revents && read(STDIN_FILENO, ignored, sizeof ignored) <= 0) return 0;
    if (!wait[1].revents) continue;
    if (conn < 0) {
      conn = accept(door, NULL, NULL);
      if (conn >= 0) setsockopt(conn, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    } else if (serve(conn)) {
      close(conn);
      conn = -1;
    }
  }
}
