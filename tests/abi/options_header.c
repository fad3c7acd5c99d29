/* Writes include/libinfer/options.h from infer_option_at(), or checks that the committed one is current:
 *   options_header > include/libinfer/options.h
 *   options_header --check include/libinfer/options.h */
#include <ctype.h>
#include <libinfer/infer.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char text[1 << 20];
static size_t used;

static void put(const char* s, size_t n) {
  if (used + n + 1 > sizeof text) exit(2);
  memcpy(text + used, s, n);
  used += n;
  text[used] = '\0';
}
static void puts_in(const char* s) { put(s, strlen(s)); }

int main(int argc, char** argv) {
  const char* row;
  int32_t i;
  puts_in(
      "/* The names of all options, and what they take.  Generated: tests/abi/options_header.c says how.  Do not edit. "
      "*/\n"
      "#ifndef LIBINFER_OPTIONS_H_\n#define LIBINFER_OPTIONS_H_\n");
  for (i = 0; (row = infer_option_at(i)) != NULL; ++i) {
    const char *cell[6], *end;
    size_t len[6], c;
    int n = 0;
    for (end = row; n < 6; ++n) { /* key|type|range|default|scope|help */
      cell[n] = end;
      while (*end && *end != '|') ++end;
      len[n] = (size_t)(end - cell[n]);
      if (*end == '|') ++end;
    }
    puts_in("\n/* ");
    put(cell[4], len[4]);
    puts_in(", ");
    put(cell[1], len[1]);
    if (len[2]) puts_in(" "), put(cell[2], len[2]);
    if (len[3]) puts_in(", default "), put(cell[3], len[3]);
    puts_in(": ");
    put(cell[5], len[5]);
    puts_in(" */\n#define INFER_OPTION_");
    for (c = 0; c < len[0]; ++c) {
      const char up = cell[0][c] == '.' ? '_' : (char)toupper((unsigned char)cell[0][c]);
      put(&up, 1);
    }
    puts_in(" \"");
    put(cell[0], len[0]);
    puts_in("\"\n");
  }
  puts_in("\n#endif /* LIBINFER_OPTIONS_H_ */\n");

  if (argc == 3 && strcmp(argv[1], "--check") == 0) {
    static char committed[sizeof text];
    FILE* f = fopen(argv[2], "rb");
    size_t n = f ? fread(committed, 1, sizeof committed, f) : 0;
    if (f) fclose(f);
    if (n == used && memcmp(text, committed, n) == 0) return 0;
    fprintf(stderr, "%s is not what lib/api/options.def says; regenerate it: options_header > %s\n", argv[2], argv[2]);
    return 1;
  }
  return fwrite(text, 1, used, stdout) == used ? 0 : 1;
}
