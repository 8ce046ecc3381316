#include "attune/track/tensorboard/hparams.h"

#include "tensorboard/events.pb.h"

namespace attune::track {
namespace {

using nlohmann::json;

void put_hparams(events::Summary& summary, const char* tag, const events::HparamsPlugin& content) {
  events::SummaryValue& value = *summary.add_values();
  value.set_tag(tag);
  value.mutable_metadata()->mutable_plugin()->set_name("hparams");
  value.mutable_metadata()->mutable_plugin()->set_content(content.SerializeAsString());
  events::Tensor& nothing = *value.mutable_tensor();  // what is meant stands in the metadata
  nothing.set_type(1);
  nothing.mutable_shape()->add_dimensions();
}

// TensorBoard shows the first five columns that are said to differ, by name: those that people change from run to run.
bool varies(const std::string& name) {
  for (const char* often : {"batch_size", "epochs", "loss", "lr", "seed"})
    if (name == often) return true;
  return false;
}

bool is_comparable(const json& value) {
  return value.is_boolean() || value.is_number() || value.is_string();
}

events::Value value_of(const json& value) {
  events::Value out;
  if (value.is_boolean())
    out.set_boolean(value.get<bool>());
  else if (value.is_number())
    out.set_number(value.get<double>());
  else
    out.set_text(value.get<std::string>());
  return out;
}

events::Hyperparameter::Type type_of(const json& value) {
  return value.is_boolean()  ? events::Hyperparameter::BOOL
         : value.is_number() ? events::Hyperparameter::NUMBER
                             : events::Hyperparameter::TEXT;
}

}  // namespace

void put_session_start(events::Summary& summary, const RunStart& start, double now) {
  events::HparamsPlugin experiment, session;
  experiment.mutable_experiment()->set_created(now);
  session.mutable_start()->set_started(now);
  for (const std::string& name : start.hyperparameters) {
    const json value = start.options.value(name, json());
    if (!is_comparable(value)) continue;
    events::Hyperparameter& known = *experiment.mutable_experiment()->add_hyperparameters();
    known.set_name(name);
    known.set_type(type_of(value));
    known.set_differs(varies(name));
    (*session.mutable_start()->mutable_hyperparameters())[name] = value_of(value);
  }
  for (const std::string& name : start.headline) {
    events::Metric& metric = *experiment.mutable_experiment()->add_metrics();
    metric.mutable_name()->set_tag("final/" + name);
    metric.set_title(name);
  }
  put_hparams(summary, "_hparams_/experiment", experiment);
  put_hparams(summary, "_hparams_/session_start_info", session);
}

void put_session_end(events::Summary& summary, EndState state, double now) {
  events::HparamsPlugin content;
  content.mutable_end()->set_ended(now);
  content.mutable_end()->set_status(state == EndState::finished ? events::SessionEnd::SUCCESS
                                                                : events::SessionEnd::FAILURE);
  put_hparams(summary, "_hparams_/session_end_info", content);
}

}  // namespace attune::track
