#include "attune/track/tensorboard/tensorboard.h"

#include <fmt/format.h>

#include "attune/track/picture/confusion_picture.h"
#include "attune/track/run_place.h"
#include "attune/track/tensorboard/hparams.h"

#include "tensorboard/events.pb.h"

namespace attune::track {
namespace {

constexpr int kFloat = 1;  // TensorFlow's number of the type

template <class Items, class Put>
void write_summary(EventFolder& folder, int64_t step, const Items& items, const Put& put) {
  events::Event event;
  event.set_step(step);
  for (const auto& item : items) {
    events::SummaryValue& value = *event.mutable_summary()->add_values();
    value.set_tag(item.name);
    put(value, item);
  }
  if (event.summary().values_size() > 0) folder.write(event);
}

// Rows: found rightly, found wrongly, left rightly, left wrongly, precision, recall; a column a threshold.
void put_curve(events::SummaryValue& value, const NamedPrCurve& named) {
  const PrCurve& curve = named.curve;
  events::PrCurvePlugin content;
  content.set_thresholds(PrCurve::kThresholds);
  value.mutable_metadata()->set_title(named.title);
  value.mutable_metadata()->mutable_plugin()->set_name("pr_curves");
  value.mutable_metadata()->mutable_plugin()->set_content(content.SerializeAsString());
  events::Tensor& tensor = *value.mutable_tensor();
  tensor.set_type(kFloat);
  tensor.mutable_shape()->add_dimensions()->set_size(6);
  tensor.mutable_shape()->add_dimensions()->set_size(PrCurve::kThresholds);
  std::string& bytes = *tensor.mutable_content();
  const auto append = [&](const auto& row) {
    for (const auto number : row) {
      const auto narrow = static_cast<float>(number);
      bytes.append(reinterpret_cast<const char*>(&narrow), sizeof(narrow));
    }
  };
  append(curve.true_positives), append(curve.false_positives);
  append(curve.true_negatives), append(curve.false_negatives);
  append(curve.precision), append(curve.recall);
}

}  // namespace

void TensorBoard::begin(const RunStart& start) {
  fs::path folder = remembered_folder(start, root_);
  const bool goes_on = !folder.empty() && start.after_step > 0;
  if (folder.empty()) folder = claim_run_folder(root_, start.name);
  folder_ = std::make_unique<EventFolder>(folder, start.after_step);
  if (goes_on) return;
  events::Event event;
  put_session_start(*event.mutable_summary(), start, wall_time());
  folder_->write(event);
}

nlohmann::json TensorBoard::remember() const {
  return {{"folder", folder_->path().string()}};
}

std::string TensorBoard::place() const {
  return fmt::format("{} (tensorboard --logdir {})", folder_->path().string(), root_.string());
}

void TensorBoard::scalars(int64_t step, std::span<const Scalar> scalars) {
  write_summary(*folder_, step, scalars, [](events::SummaryValue& value, const Scalar& scalar) {
    value.set_scalar(static_cast<float>(scalar.value));
  });
}

void TensorBoard::histograms(int64_t step, std::span<const NamedHistogram> histograms) {
  write_summary(*folder_, step, histograms, [](events::SummaryValue& value, const NamedHistogram& named) {
    const Histogram& h = named.histogram;
    events::Buckets& out = *value.mutable_histogram();
    out.set_min(h.min), out.set_max(h.max), out.set_count(h.count);
    out.set_sum(h.sum), out.set_sum_squares(h.sum_squares);
    out.mutable_limits()->Add(h.limits.begin(), h.limits.end());
    out.mutable_counts()->Add(h.counts.begin(), h.counts.end());
  });
}

void TensorBoard::pr_curves(int64_t step, std::span<const NamedPrCurve> curves) {
  write_summary(*folder_, step, curves, put_curve);
}

void TensorBoard::confusion(int64_t step, const ConfusionTable& table) {
  const Picture picture = confusion_picture(table);
  write_summary(*folder_, step, std::span(&table, 1), [&](events::SummaryValue& value, const ConfusionTable&) {
    events::Image& image = *value.mutable_image();
    image.set_width(picture.width()), image.set_height(picture.height()), image.set_channels(3);
    image.set_encoded(picture.png());
  });
}

void TensorBoard::mark(int64_t step) {
  folder_->mark(step);
}

void TensorBoard::end(const RunEnd& end) {
  std::vector<Scalar> finals;
  for (const Scalar& scalar : end.finals) finals.push_back({"final/" + scalar.name, scalar.value});
  scalars(end.step, finals);
  events::Event event;
  event.set_step(end.step);
  put_session_end(*event.mutable_summary(), end.state, wall_time());
  folder_->write(event);
  folder_->sync();
}

}  // namespace attune::track
