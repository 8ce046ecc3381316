#include "attune/http/session.h"

#include <atomic>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <fmt/format.h>

namespace attune::http {
namespace {

namespace beast = boost::beast;
namespace wire = boost::beast::http;
using namespace std::chrono_literals;

constexpr size_t kFirstRead = 2048;       // what a connection that waits holds
constexpr size_t kMostDrained = 1 << 20;  // of what a refused client still sends

std::string text(beast::string_view view) {
  return {view.data(), view.size()};
}

// A reply that is dropped must not leave its client waiting for ever.
class Once {
 public:
  explicit Once(std::function<void(Response)> give) : give_(std::move(give)) {}
  ~Once() {
    if (!given_.exchange(true))
      give_({.status = 500, .body = R"({"error":"no answer was made","error_type":"Backend"})"});
  }
  void operator()(Response response) {
    if (!given_.exchange(true)) give_(std::move(response));
  }

 private:
  std::function<void(Response)> give_;
  std::atomic<bool> given_ = false;
};

}  // namespace

Session::Session(boost::asio::ip::tcp::socket socket, Handler& handler, const Limits& limits, Sessions& sessions)
    : socket_(std::move(socket)),
      timer_(socket_.get_executor()),
      handler_(handler),
      limits_(limits),
      sessions_(sessions),
      buffer_(limits.header + limits.body) {}

Session::~Session() {
  sessions_.ended(this);
}

void Session::start() {
  await_request();
}

void Session::turn_away() {
  refuse(503, "too many connections; try again later");
}

void Session::close(bool at_once) {
  if (waiting_ || at_once) end();
}

void Session::limit(std::chrono::milliseconds time) {
  no_limit();
  timer_.expires_after(time);
  timer_.async_wait([weak = weak_from_this(), set = limits_set_](Error error) {
    const auto self = weak.lock();
    if (error || !self || set != self->limits_set_) return;  // (it may have run out just as it was taken back)
    self->timed_out_ = true;
    Error ignored;
    self->socket_.cancel(ignored);
  });
}

void Session::no_limit() {
  timed_out_ = false;
  ++limits_set_;
  timer_.cancel();
}

void Session::await_request() {
  parser_.reset();
  response_.reset();
  if (buffer_.size() > 0) return read_head();  // a client that did not wait for the answer before
  if (sessions_.stopping()) return end();
  buffer_.shrink_to_fit();
  waiting_ = true;
  limit(limits_.idle);
  socket_.async_read_some(buffer_.prepare(kFirstRead), [self = shared_from_this()](Error error, size_t bytes) {
    self->waiting_ = false;
    if (error) return self->end();
    self->buffer_.commit(bytes);
    self->read_head();
  });
}

void Session::read_head() {
  parser_.emplace();
  parser_->header_limit(static_cast<uint32_t>(limits_.header));
  parser_->body_limit(limits_.body);
  limit(limits_.head);
  wire::async_read_header(socket_, buffer_, *parser_,
                          [self = shared_from_this()](Error error, size_t) { self->headed(error); });
}

void Session::headed(Error error) {
  if (error) return refuse(error, "head");
  const auto& message = parser_->get();
  const std::string target = text(message.target());
  head_ = {.method = text(message.method_string()),
           .path = target.substr(0, target.find('?')),
           .authorization = text(message[wire::field::authorization]),
           .content_type = text(message[wire::field::content_type])};
  wants_no_body_ = head_.method == "HEAD";
  if (Response answer; handler_.refuses(head_, answer)) {
    const bool no_body = parser_->is_done() || !(parser_->content_length() || parser_->chunked());
    return this->answer(std::move(answer), !no_body);
  }
  if (beast::iequals(message[wire::field::expect], "100-continue")) return tell_to_go_on();
  read_body();
}

void Session::tell_to_go_on() {
  static constexpr char kContinue[] = "HTTP/1.1 100 Continue\r\n\r\n";
  limit(limits_.write);
  boost::asio::async_write(
      socket_, boost::asio::buffer(kContinue, sizeof kContinue - 1),
      [self = shared_from_this()](Error error, size_t) { error ? self->end() : self->read_body(); });
}

void Session::read_body() {
  if (parser_->is_done()) return complete();
  limit(limits_.content);
  wire::async_read(socket_, buffer_, *parser_, [self = shared_from_this()](Error error, size_t) {
    error ? self->refuse(error, "body") : self->complete();
  });
}

void Session::complete() {
  no_limit();
  Request request{.head = std::move(head_), .body = std::move(parser_->get().body())};
  const bool closes = !parser_->get().keep_alive();
  const auto once = std::make_shared<Once>([self = shared_from_this(), closes](Response response) {
    boost::asio::post(self->socket_.get_executor(), [self, closes, response = std::move(response)]() mutable {
      self->answer(std::move(response), closes);
    });
  });
  handler_.handle(std::move(request), [once](Response response) { (*once)(std::move(response)); });
}

void Session::refuse(Error error, const char* part) {
  if (error == wire::error::body_limit)
    return refuse(413, fmt::format("the body is larger than the {} bytes that this server takes", limits_.body));
  if (error == wire::error::header_limit || error == wire::error::buffer_overflow)
    return refuse(431, fmt::format("the request's head is larger than {} bytes", limits_.header));
  if (timed_out_) return refuse(408, fmt::format("the request's {} did not come in time", part));
  // What the client closed gets no answer; what is no HTTP does.
  if (error == wire::error::end_of_stream || error == wire::error::partial_message ||
      error.category() != make_error_code(wire::error::bad_method).category())
    return end();
  refuse(400, "this is not an HTTP/1.1 request: " + error.message());
}

void Session::refuse(int status, const std::string& what) {
  answer(handler_.refusal(status, what), true);
}

void Session::answer(Response response, bool close) {
  close = close || sessions_.stopping();
  auto& out = response_.emplace(static_cast<wire::status>(response.status), 11);
  out.set(wire::field::content_type, response.content_type);
  for (const auto& [name, value] : response.headers) out.set(name, value);
  out.keep_alive(!close);
  out.body() = std::move(response.body);
  out.prepare_payload();
  if (wants_no_body_) out.body().clear();
  limit(limits_.write);
  wire::async_write(socket_, out, [self = shared_from_this(), close](Error error, size_t) {
    if (error) return self->end();
    close ? self->linger() : self->await_request();
  });
}

// A client that still sends would lose the answer if the connection were reset under it.
void Session::linger() {
  Error ignored;
  socket_.shutdown(boost::asio::ip::tcp::socket::shutdown_send, ignored);
  buffer_.clear();
  limit(2s);
  socket_.async_read_some(buffer_.prepare(kFirstRead), [self = shared_from_this()](Error error, size_t bytes) {
    if (error || (self->drained_ += bytes) > kMostDrained) return self->end();
    self->linger();
  });
}

void Session::end() {
  no_limit();
  Error ignored;
  socket_.close(ignored);
}

}  // namespace attune::http
