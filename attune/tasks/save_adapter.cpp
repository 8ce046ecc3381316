// Writing an adapter's own files; the contract stands in adapter_folder.h.
#include <fmt/format.h>

#include "attune/base/files.h"
#include "attune/tasks/adapter_folder.h"
#include "attune/tasks/model_bundle.h"

namespace attune::tasks {

using nlohmann::json;

json adapter_config(const ModelBundle& bundle, bool hugging_face_head) {
  const peft::Method& method = bundle.model->adapter()->method();
  json config = method.peft_config(bundle.model->adapter()->shape());
  if (config.is_null()) config = {{"peft_type", "ATTUNE"}, {"method", bundle.adapter_text}};
  const bool tag = bundle.task->kind == TaskKind::tag, head = hugging_face_head && bundle.task->kind != TaskKind::embed;
  config["task_type"] = !head ? "FEATURE_EXTRACTION" : tag ? "TOKEN_CLS" : "SEQ_CLS";
  config["base_model_name_or_path"] = fs::absolute(bundle.base->folder).lexically_normal().string();
  config["inference_mode"] = true;
  config["modules_to_save"] = !head ? json()
                              : tag ? json::array({"classifier"})
                                    : json::array({"classifier", "pooler"});
  return config;
}

json adapter_record(const ModelBundle& bundle) {
  json base = {{"name", bundle.base->name}, {"encoder_sha256", bundle.base->encoder_sha256}};
  if (!bundle.base->held_in.empty()) base["held_in"] = bundle.base->held_in;
  return {{"adapter", bundle.adapter_text}, {"base", std::move(base)}};
}

}  // namespace attune::tasks
