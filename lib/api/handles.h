// What the opaque handles are: a reference each.
//
// A call takes its own reference first and then never looks at the handle again, so another thread may release the
// handle meanwhile. Children hold their parents; whoever lets go last destroys.
#pragma once
#include <libinfer/infer.h>

#include <memory>

#include "api/settings.h"

namespace infer::api {
class Runtime;
class Model;
class Engine;
class Samples;
class Prompt;
class ChatAnswer;
}  // namespace infer::api

struct infer_options {
  infer::api::Settings settings;
};
struct infer_runtime {
  std::shared_ptr<infer::api::Runtime> object;
};
struct infer_model {
  std::shared_ptr<infer::api::Model> object;
};
struct infer_engine {
  std::shared_ptr<infer::api::Engine> object;
};
struct infer_request {
  std::shared_ptr<infer::api::Samples> object;
  std::shared_ptr<infer::api::ChatAnswer> chat = nullptr;  // makes its pieces' text; null: they are as they come
};
struct infer_prompt {
  std::shared_ptr<infer::api::Prompt> object;
};
