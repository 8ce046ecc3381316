#include "attune/data/record.h"

namespace attune::data {

const char* name(Value::Kind kind) {
  switch (kind) {
    case Value::Kind::absent:
      return "nothing";
    case Value::Kind::null:
      return "null";
    case Value::Kind::text:
      return "text";
    case Value::Kind::number:
      return "a number";
    case Value::Kind::boolean:
      return "a boolean";
    case Value::Kind::list:
      return "a list";
    case Value::Kind::object:
      return "an object";
  }
  return "unknown";
}

}  // namespace attune::data
