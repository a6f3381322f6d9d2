#include "api/service.h"

namespace stele::api {

void add_routes(Router& router, Service& service) {
  add_event_routes(router, service);
  add_door_routes(router, service);
  add_journal_routes(router, service);
  add_search_routes(router, service);
  add_aggregate_routes(router, service);
  add_timeline_routes(router, service);
  add_index_routes(router, service);
  add_sql_routes(router, service);
  add_stream_routes(router, service);
  add_coverage_routes(router, service);
  add_account_routes(router, service);
  add_apart_routes(router, service);
  add_log_routes(router, service);
  add_token_routes(router, service);
  add_user_routes(router, service);
  add_role_routes(router, service);
  add_configuration_routes(router, service);
  add_approval_routes(router, service);
  add_login_routes(router, service);
  add_provider_routes(router, service);
  add_session_routes(router, service);
  add_page_routes(router, service);
  add_operation_routes(router, service);
}

}  // namespace stele::api
