// One connection: reads a request, has it answered, writes the answer, waits for the next.
#pragma once
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <memory>
#include <optional>

#include "attune/http/server.h"

namespace attune::http {

class Session;

// What sessions of a server share. On the loop's thread only.
class Sessions {
 public:
  virtual ~Sessions() = default;
  virtual void ended(Session* session) = 0;
  virtual bool stopping() const = 0;
};

class Session final : public std::enable_shared_from_this<Session> {
 public:
  Session(boost::asio::ip::tcp::socket socket, Handler& handler, const Limits& limits, Sessions& sessions);
  ~Session();

  void start();
  // Answers once and closes: a connection too many.
  void turn_away();
  // Closes if it waits for a request. `at_once`: whatever it does.
  void close(bool at_once);

 private:
  using Error = boost::beast::error_code;
  using Parser = boost::beast::http::request_parser<boost::beast::http::string_body>;

  // What the socket does next has so long; then it ends with an error, and timed_out_ is set.
  void limit(std::chrono::milliseconds time);
  void no_limit();
  void await_request();
  void read_head();
  void headed(Error error);
  void tell_to_go_on();
  void read_body();
  void complete();
  void refuse(int status, const std::string& what);
  void refuse(Error error, const char* part);
  void answer(Response response, bool close);
  void linger();
  void end();

  boost::asio::ip::tcp::socket socket_;
  boost::asio::steady_timer timer_;  // (beast's own closes the socket, and a client that is too slow could not be told)
  unsigned limits_set_ = 0;
  bool timed_out_ = false;
  Handler& handler_;
  const Limits& limits_;
  Sessions& sessions_;
  boost::beast::flat_buffer buffer_;
  std::optional<Parser> parser_;
  Head head_;
  std::optional<boost::beast::http::response<boost::beast::http::string_body>> response_;
  bool waiting_ = false;        // for a request's first byte
  bool wants_no_body_ = false;  // HEAD
  size_t drained_ = 0;
};

}  // namespace attune::http
