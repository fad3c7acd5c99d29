// infer help, infer help options, infer help SUBCOMMAND.
#include "commands.h"
#include "print.h"

namespace infer::tool {

void add_help(CLI::App& app, Command& chosen) {
  struct Arguments {
    std::string topic;
    bool json = false;
  };
  auto a = std::make_shared<Arguments>();
  CLI::App& sub = *app.add_subcommand("help", "this help, 'options' or a subcommand");
  sub.add_option("topic", a->topic, "options, or a subcommand");
  sub.add_flag("--json", a->json, "machine-readable output (options)");
  sub.callback([a, &app, &chosen] {
    chosen = [a, &app] {
      if (a->topic.empty()) {
        put(app.get_formatter()->make_help(&app, "infer",
                                           CLI::AppFormatMode::Normal));  // app.help() would be this one's
      } else if (a->topic == "options") {
        print_options(a->json);
      } else {
        try {
          put(app.get_subcommand(a->topic)->help("infer"));
        } catch (const CLI::OptionNotFound&) {
          throw Failure{"there is no help on '" + a->topic + "'", "infer help lists the subcommands", kExitUsage};
        }
      }
      return 0;
    };
  });
}

}  // namespace infer::tool
