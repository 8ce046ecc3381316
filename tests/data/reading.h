// Reading from a string in tests.
#pragma once
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "attune/data/example_reader.h"
#include "attune/data/line_reader.h"
#include "attune/data/open_records.h"

namespace attune::data {

// Keeps the stream that a reader needs alive.
template <class Reader, class... Args>
struct Reading {
  std::istringstream stream;
  Reader reader;
  Reading(const std::string& bytes, const std::string& name, Args... args)
      : stream(bytes), reader(LineReader(stream, name), args...) {}
};

// All examples of a file's bytes; the name's extension gives the format.
inline std::vector<Example> examples_of(const std::string& bytes, const std::string& name, TargetKind target,
                                        const ReadOptions& options = {}, TargetNeed need = TargetNeed::required) {
  std::istringstream stream(bytes);
  ExampleReader reader(open_records(stream, name, options, target, need), target, need, options);
  std::vector<Example> all;
  for (Example example; reader.next(example);) all.push_back(example);
  return all;
}

// Options by the names people type.
inline ReadOptions options_of(const std::vector<std::pair<std::string, std::string>>& given) {
  ReadOptions options;
  OptionList list;
  options.visit(list);
  for (const auto& [option, value] : given) list.set(option, value);
  return options;
}

inline std::vector<std::string> texts_of(const Record& record) {
  std::vector<std::string> texts;
  for (const Value& value : record.values) texts.push_back(value.text);
  return texts;
}

}  // namespace attune::data
