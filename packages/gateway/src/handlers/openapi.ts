import { openApiDocument } from '../openapi/openapi-document.ts'
import type { Handler } from './handler.ts'

/** GET /openapi.json */
export const handleOpenApi: Handler = (_services, exchange) => {
  exchange.json(200, openApiDocument())
}
