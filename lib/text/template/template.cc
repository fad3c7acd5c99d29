#include "text/template/template.h"

#include "text/template/interpreter.h"
#include "text/template/program.h"

namespace infer::text {

namespace {

class Compiled final : public Template {
 public:
  explicit Compiled(std::unique_ptr<const jinja::Program> program) : program_(std::move(program)) {}
  Result<Rendered> render(const Context& context) const override {
    return jinja::Interpreter(*program_, context).run();
  }

 private:
  std::unique_ptr<const jinja::Program> program_;
};

}  // namespace

Result<std::unique_ptr<const Template>> Template::compile(std::string_view source, const TemplateLimits& limits) {
  TRY_SET(std::unique_ptr<const jinja::Program> program, jinja::parse(source, limits));
  return std::unique_ptr<const Template>(std::make_unique<Compiled>(std::move(program)));
}

}  // namespace infer::text
