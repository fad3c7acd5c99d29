/* A text that the program and the model write by turns: the model fills in what has a form, chooses, and goes on in two
 * directions at once. What was computed for one turn is behind the next. */
#include <string.h>

#include "common.h"

static void show(infer_prompt* p, const char* name) {
  char text[256] = "";
  int64_t n = 0;
  need(infer_prompt_value(p, name, text, (int64_t)sizeof text - 1, &n));
  printf("%s: %s\n", name, text);
}

int main(int argc, char** argv) {
  infer_options *o = NULL, *year = NULL, *line = NULL;
  infer_prompt *p = NULL, *left = NULL, *right = NULL;
  need(infer_options_new(&o));
  need(infer_options_set_num(o, "temperature", 0));
  need(infer_options_set_int(o, "max_tokens", 24));
  need(infer_options_new(&year));
  need(infer_options_set_str(year, "response.regex", "1[0-9]{3}", -1));
  need(infer_options_new(&line));
  need(infer_options_set_str(line, "stop", "\n", -1));
  everything e = open_all(argc, argv, NULL);

  need(infer_prompt_new(e.engine, o, &p));
  need(infer_prompt_append(p, "The Eiffel Tower was opened in the year ", -1, 0));
  need(infer_prompt_gen(p, "year", year, NULL));
  need(infer_prompt_append(p, ". It stands in the city of", -1, 0));
  const char* const cities[] = {" London", " Paris", " Rome"};
  int64_t which = 0;
  need(infer_prompt_select(p, "city", cities, 3, NULL, NULL, &which));
  need(infer_prompt_append(p, ".\n", -1, 0));
  need(infer_prompt_fork(p, &left));
  need(infer_prompt_append(left, "In one sentence, why people visit it:", -1, 0));
  need(infer_prompt_gen(left, "why", line, NULL)); /* both run at the same time */
  need(infer_prompt_fork(p, &right));
  need(infer_prompt_append(right, "In one sentence, who built it:", -1, 0));
  need(infer_prompt_gen(right, "who", line, NULL));
  need(infer_prompt_join(p, left));
  need(infer_prompt_join(p, right));
  show(p, "year");
  show(p, "city");
  show(p, "why");
  show(p, "who");

  infer_prompt_release(right);
  infer_prompt_release(left);
  infer_prompt_release(p);
  close_all(e);
  infer_options_release(line);
  infer_options_release(year);
  infer_options_release(o);
  return strcmp(cities[which], " Paris") == 0 ? 0 : 1;
}
