// Tiny models for a service's tests.
#pragma once
#include "attune/serve/model_set.h"

#include "tests/base/temp_folder.h"
#include "tests/train/tiny_model.h"

namespace attune::serve_test {

// A golden model, its classes named, opened in f32.
inline serve::ModelRef open_model(const fs::path& folder, const std::string& name = "tiny",
                                  const char* golden = "sequence_classification") {
  if (!fs::exists(folder)) test::make_model(folder, golden);
  return std::make_shared<serve::ServedModel>(name, folder.string(), serve::OpenOptions{.precision = "f32"});
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
