#include "attune/serve/routes.h"

namespace attune::serve {

const std::vector<Route>& route_list() {
  using Access = Route::Access;
  static const std::vector<Route> kRoutes{
      {"GET", "/", Access::open, answer_page},
      {"GET", "/health", Access::open, answer_health},
      {"GET", "/openapi.json", Access::open, answer_openapi},
      {"GET", "/info", Access::user, answer_info},
      {"GET", "/metrics", Access::user, answer_metrics},
      {"POST", "/embed", Access::user, answer_embed},
      {"POST", "/predict", Access::user, answer_predict},
      {"POST", "/rerank", Access::user, answer_rerank},
      {"POST", "/v1/embeddings", Access::user, answer_openai_embeddings},
      {"GET", "/v1/models", Access::user, answer_models},
      {"POST", "/v1/predict", Access::user, answer_lines},
      {"POST", "/v1/tag", Access::user, answer_tags},
      {"PUT", "/v1/models/{name}", Access::admin, answer_put_model},
      {"DELETE", "/v1/models/{name}", Access::admin, answer_delete_model},
  };
  return kRoutes;
}

void answer_page(Service& service, const CallRef& call) {
  // Nothing from elsewhere, and nowhere else to send texts to.
  service.answer(call, {.body = page_html(),
                        .content_type = "text/html; charset=utf-8",
                        .headers = {{"Content-Security-Policy",
                                     "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
                                     "connect-src 'self'; img-src data:; form-action 'none'; frame-ancestors 'none'"},
                                    {"X-Content-Type-Options", "nosniff"},
                                    {"Referrer-Policy", "no-referrer"}}});
}

void answer_openapi(Service& service, const CallRef& call) {
  service.answer(call, {.body = openapi_json()});
}

}  // namespace attune::serve
