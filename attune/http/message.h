// An HTTP request and its answer, as whoever handles them sees them: nothing of sockets, nothing of models.
#pragma once
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace attune::http {

// What is known before the body is read.
struct Head {
  std::string method;  // "GET", "POST", ...
  std::string path;    // of the target, without the query; as sent, nothing is decoded
  std::string authorization;
  std::string content_type;
};

struct Request {
  Head head;
  std::string body;
};

struct Response {
  int status = 200;
  std::string body = {};
  std::string content_type = "application/json";
  std::vector<std::pair<std::string, std::string>> headers = {};
};

// Gives a request its answer. From any thread, once; a later call does nothing. If it is never called, the client gets
// 500 when the last copy goes.
using Reply = std::function<void(Response)>;

// What is done with requests. Both are called on the loop's thread and must not block it.
class Handler {
 public:
  virtual ~Handler() = default;
  // A request that is not wanted gets its answer before its body is read: true, with `answer` filled.
  virtual bool refuses(const Head& head, Response& answer) = 0;
  virtual void handle(Request request, Reply reply) = 0;
  // The transport's own refusals (a broken request, a body over the limit) in the service's words.
  virtual Response refusal(int status, const std::string& what) = 0;
};

}  // namespace attune::http
