// Tiny models for a service's tests.
#pragma once
#include "attune/serve/model_set.h"

#include "tests/base/temp_folder.h"
#include "tests/train/tiny_model.h"

namespace attune::serve_test {

inline serve::ModelRef open_model(const fs::path& folder, const std::string& name,
                                  const std::vector<serve::ModelRef>& others = {}) {
  return std::make_shared<serve::ServedModel>(name, folder.string(),
                                              serve::OpenOptions{.precision = "f32", .others = others});
}

// A golden model of three classes.
inline serve::ModelRef make_classifier(const fs::path& folder, const std::string& name) {
  test::make_model(folder, "sequence_classification");
  return open_model(folder, name);
}

// The same encoder with a new last layer that scores pairs of texts.
inline serve::ModelRef make_scorer(const fs::path& folder, const std::string& name) {
  test::make_model(folder, "regression");
  tasks::ModelBundle bundle = tasks::open_for_training({.model = folder.string(),
                                                        .task = &tasks::task_named("regress"),
                                                        .data_labels = {},
                                                        .new_head = true,
                                                        .seed = 1,
                                                        .encode = {},
                                                        .pairs = true});
  tasks::save_bundle(bundle, folder, nlohmann::json::object());
  return open_model(folder, name);
}

inline std::unique_ptr<serve::Job> job_of(const serve::ModelRef& model, const std::vector<std::string>& texts) {
  auto job = std::make_unique<serve::Job>();
  job->model = model;
  for (const std::string& text : texts) {
    data::Example& row = job->rows.emplace_back();
    row.text = text;
    model->encode(row, job->encoded);
  }
  return job;
}

}  // namespace attune::serve_test
