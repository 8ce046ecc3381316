// OpenAI's embeddings and list of models; attune's own routes beside them.
#include <algorithm>

#include "attune/base/files.h"
#include "attune/base/json.h"
#include "attune/serve/routes.h"
#include "attune/tasks/int8_record.h"

namespace attune::serve {
namespace {

// Clients must name a model and often carry another server's name; where one model alone gives vectors, it is meant.
// The answer says which it was.
ModelRef choose_embedder(const ModelSet& models, const std::optional<std::string>& name) {
  const auto count =
      std::count_if(models.all().begin(), models.all().end(), [](const ModelRef& m) { return m->embeds(); });
  const bool known = name && models.find(*name);
  return models.choose(count == 1 && !known ? std::nullopt : name, &ServedModel::embeds, "gives vectors");
}

// The rows of one of attune's own routes through a model, answered as `attune predict` does.
void answer_rows(Service& service, const CallRef& call, const std::function<bool(const ServedModel&)>& fits,
                 const char* what) {
  check_fields(call->body, {"inputs", "model"});
  Inputs inputs = read_rows(call->body, "inputs");
  const ModelRef model = service.models().choose(text(call->body, "model"), fits, what);
  service.run(call, service.make_job(model, std::move(inputs.rows), {}), lines_body);
}

// Where an admin's folder lies: below the root, links resolved. Refuses anything else.
std::string folder_below(const std::string& root, const std::string& asked) {
  if (root.empty()) refuse(Fault::schema, "folders can be named only where the server was started with --model-root");
  std::error_code error;
  const fs::path base = fs::canonical(root, error);
  const fs::path folder = error ? fs::path() : fs::canonical(base / asked, error);
  const auto [at, end] = std::mismatch(base.begin(), base.end(), folder.begin(), folder.end());
  if (error || at != base.end())
    refuse(Fault::schema, "there is no folder '{}' below the server's --model-root", asked);
  return folder.string();
}

}  // namespace

void answer_openai_embeddings(Service& service, const CallRef& call) {
  Inputs inputs = read_texts(call->body, "input");
  for (const Input& row : inputs.rows)
    if (row.text.empty()) refuse(Fault::empty, "'input' holds an empty text");
  const ModelRef model = choose_embedder(service.models(), text(call->body, "model"));
  const std::string format = text(call->body, "encoding_format").value_or("float");
  if (format != "float" && format != "base64")
    refuse(Fault::schema, "'encoding_format': expected float or base64, got '{}'", format);
  if (const auto width = integer(call->body, "dimensions"); width && *width != model->bundle().logit_count())
    refuse(Fault::schema, "'dimensions': vectors of '{}' have {} numbers and cannot be cut to {}", model->name(),
           model->bundle().logit_count(), *width);
  auto job = service.make_job(model, std::move(inputs.rows), {.cut = service.options().auto_truncate});
  service.run(call, std::move(job), [as_base64 = format == "base64"](const Job& done) {
    return openai_body(vectors_of(done, /*normalize=*/true), as_base64, done.model->name(), done.tokens());
  });
}

void answer_models(Service& service, const CallRef& call) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const ModelRef& model : service.models().all())
    list.push_back({{"id", model->name()},
                    {"object", "model"},
                    {"created", model->opened()},
                    {"owned_by", "attune"},
                    {"task", model->bundle().task->name},
                    {"labels", model->bundle().labels.names()},
                    {"precision", tasks::precision_text(model->bundle().model->precision())},
                    {"max_length", model->bundle().encode.max_length},
                    {"pairs", model->bundle().pairs ? nlohmann::ordered_json(*model->bundle().pairs) : nullptr},
                    {"sha256", model->hash()},
                    {"encoder_sha256", model->encoder_hash()}});
  const nlohmann::ordered_json body{{"object", "list"}, {"data", list}};
  service.answer(call, {.body = json_text(body)});
}

void answer_lines(Service& service, const CallRef& call) {
  answer_rows(
      service, call, [](const ServedModel& model) { return !model.embeds(); }, "labels, scores or tags");
}

void answer_tags(Service& service, const CallRef& call) {
  answer_rows(service, call, &ServedModel::tags, "tags words");
}

void answer_put_model(Service& service, const CallRef& call) {
  check_fields(call->body, {"folder"});
  const auto folder = text(call->body, "folder");
  if (folder) return service.load(call, call->name, folder_below(service.options().model_root, *folder));
  const ModelRef served = service.models().find(call->name);
  if (!served)
    refuse(Fault::not_found, "no model '{}' is served here; \"folder\" says where a new one lies", call->name);
  service.load(call, call->name, served->folder());
}

void answer_delete_model(Service& service, const CallRef& call) {
  if (!service.models().remove(call->name)) refuse(Fault::not_found, "no model '{}' is served here", call->name);
  service.answer(call, {.body = json_text({{"id", call->name}, {"deleted", true}})});
}

}  // namespace attune::serve
