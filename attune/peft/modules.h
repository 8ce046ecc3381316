// The linear modules of an encoder, as files name them, and which of them a user means.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace attune::peft {

// The products that a layer makes. Query, key and value are one product of three modules.
enum class Place { query_key_value, attention_output, intermediate, output };
inline constexpr int kPlaces = 4;

struct EncoderShape {
  int64_t layers = 0, hidden = 0, intermediate = 0, heads = 0;
};

// Columns [begin, end) of the product at a place of a layer.
struct Module {
  std::string name;  // "encoder.layer.0.attention.self.query", without a leading "bert."
  int layer;
  Place place;
  int64_t begin, end;
  int64_t in;
};
std::vector<Module> modules_of(const EncoderShape& shape);

// Modules of one product each, in order.
std::vector<std::span<const Module>> by_product(std::span<const Module> modules);

// Names parted by '|', of which those within quotes, and behind ^, part nothing.
std::vector<std::string> parted_names(const std::string& names);

// The modules meant by names parted by '|', in order, each once. A name means every module that is it or ends in "."
// and it, as in PEFT ("query", "attention.output.dense"); * in it stands for anything ("layer.1*.query"). A leading
// "bert." is left out. "all-linear": all of them. A name in quotes or beginning with ^ is a regular expression
// (ECMAScript) for whole names, as PEFT's are. Errors (usage): a name that means none (suggests the nearest), a broken
// expression; `option` is how it was said.
std::vector<Module> modules_named(const std::vector<Module>& all, const std::string& names, const std::string& option);

}  // namespace attune::peft
