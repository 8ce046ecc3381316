// An opened model behind the C interface: one call at a time, whatever the caller's threads do.
#pragma once
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "attune/c/attune.h"
#include "attune/train/inference_options.h"
#include "attune/train/prediction_lines.h"
#include "attune/train/predictor.h"

struct attune_model {
 public:
  explicit attune_model(const attune::train::InferenceOptions& options);

  const attune::tasks::ModelBundle& bundle() const { return bundle_; }
  const std::string& description() const { return description_; }
  size_t outputs() const { return static_cast<size_t>(bundle_.logit_count()); }
  // Errors (input): a text is not UTF-8. Of a text to be tagged the words too.
  std::vector<attune::data::Example> rows(std::span<const attune_text> texts, const attune_text* pairs) const;

  // The lines of `rows`. Errors: those of attune_predict; `name`: of the rows, in messages.
  std::string predict(std::span<const attune::data::Example> rows, const std::string& name,
                      const attune::train::LineOptions& options);
  // Of a model of the task embed. Errors: those of attune_embed.
  void embed(std::span<const attune::data::Example> rows, bool passages, std::span<float> vectors);

 private:
  attune::train::Predictor& predictor(bool passages);

  std::mutex one_at_a_time_;
  int64_t batch_size_;
  attune::tasks::ModelBundle bundle_;
  std::unique_ptr<attune::kernels::Kernels> kernels_;
  std::string description_;
  std::optional<attune::train::Predictor> queries_, passages_;
};
