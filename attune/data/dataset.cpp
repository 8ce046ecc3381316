#include "attune/data/dataset.h"

#include <filesystem>
#include <span>

#include "attune/base/error.h"
#include "attune/base/files.h"
#include "attune/base/rng.h"
#include "attune/data/example_reader.h"
#include "attune/data/open_records.h"
#include "attune/data/tag_scheme.h"

namespace attune::data {
namespace {

TagScheme declared_or_found(const TagSchemeDetector& detector, const ReadOptions& options, const Dataset& dataset) {
  if (options.tag_scheme == "plain") return TagScheme::plain;
  if (const auto stray = detector.stray())
    fail(ErrorKind::input,
         "{}: the tag '{}' has no prefix, but others have (B-, I-); correct it, or pass --tag-scheme "
         "plain if these tags are no entities",
         dataset.describe(stray->origin), stray->tag);
  if (options.tag_scheme == "iob1") return TagScheme::iob1;
  if (options.tag_scheme == "iob2") return TagScheme::iob2;
  if (options.tag_scheme == "iobes") return TagScheme::iobes;
  return detector.scheme();
}

// Converts the examples of one file and notes what was done.
void convert_tags(Dataset& dataset, std::span<Example> examples, const ReadOptions& options) {
  TagSchemeDetector detector;
  for (const Example& example : examples) detector.add(example);
  const TagScheme scheme = declared_or_found(detector, options, dataset);
  if (options.strict_tags && scheme == TagScheme::iob2 && detector.first_orphan()) {
    const auto& orphan = *detector.first_orphan();
    fail(ErrorKind::input,
         "{}: '{}' continues no entity of its type (one of {} such tags); expected B- at the beginning "
         "of an entity, as IOB2 has it: correct the file, or leave out --strict-tags to have them repaired",
         dataset.describe(orphan.origin), orphan.tag, detector.orphans());
  }
  TagCounts counts;
  for (Example& example : examples) convert_to_iob2(example.labels, scheme, counts);
  const std::string& file = dataset.files[static_cast<size_t>(examples[0].origin.file)];
  if (counts.converted)
    dataset.notes.push_back(fmt::format("{}: tags are {}{}; {} of {} rewritten as IOB2", file, name(scheme),
                                        options.tag_scheme == "auto" ? " (recognised)" : "", counts.converted,
                                        counts.words));
  if (counts.repaired)
    dataset.notes.push_back(
        fmt::format("{}: {} I- tag{} continued no entity and became B- (first: {}, '{}'); "
                    "--strict-tags makes this an error",
                    file, counts.repaired, counts.repaired == 1 ? "" : "s",
                    detector.first_orphan() ? dataset.describe(detector.first_orphan()->origin) : file,
                    detector.first_orphan() ? detector.first_orphan()->tag : "I-"));
  dataset.tags.sentences += counts.sentences;
  dataset.tags.words += counts.words;
  dataset.tags.converted += counts.converted;
  dataset.tags.repaired += counts.repaired;
}

void read_file_into(Dataset& dataset, const std::string& path, TargetKind target, const ReadOptions& options,
                    TargetNeed need) {
  const auto file = static_cast<int32_t>(dataset.files.size());
  dataset.files.push_back(path == "-" ? "standard input" : path);
  ExampleReader reader(open_records(path, options, target, need), target, need, options, file);
  const size_t first = dataset.examples.size();
  for (Example example; reader.next(example);) dataset.examples.push_back(std::move(example));
  if (dataset.examples.size() == first) {
    const std::string why = reader.records().emptiness();
    fail(ErrorKind::input, "{} has no rows{}{}; expected at least one", path, why.empty() ? "" : ": ", why);
  }
  dataset.notes.insert(dataset.notes.end(), reader.notes().begin(), reader.notes().end());
  if (target == TargetKind::tags && dataset.examples[first].has_target)
    convert_tags(dataset, std::span(dataset.examples).subspan(first), options);
}

}  // namespace

Dataset read_dataset(const std::vector<std::string>& paths, TargetKind target, const ReadOptions& options,
                     TargetNeed need) {
  if (paths.empty()) fail(ErrorKind::usage, "no data file is given");
  Dataset dataset;
  for (const auto& path : paths) read_file_into(dataset, path, target, options, need);
  return dataset;
}

std::string fingerprint_files(const std::vector<std::string>& paths) {
  std::string whole = fmt::format("files {}\n", paths.size());
  for (const auto& path : paths) {
    const std::string digest = sha256_file(path);
    whole += fmt::format("{} {}\n", std::filesystem::file_size(path), digest);
  }
  return sha256_hex(whole);
}

uint64_t input_hash(const Example& example) {
  uint64_t key = 0;
  const auto add = [&key](std::string_view text) {
    key = mix_key(key, text.size());
    for (size_t at = 0; at < text.size(); at += 8) {
      uint64_t part = 0;
      for (size_t i = at; i < std::min(at + 8, text.size()); ++i)
        part = part << 8 | static_cast<unsigned char>(text[i]);
      key = mix_key(key, part);
    }
  };
  add(example.text);
  if (example.has_pair) add(example.text_pair);
  for (const auto& word : example.words) add(word);
  return key;
}

}  // namespace attune::data
