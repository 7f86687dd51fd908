// What Google's token endpoint says when it refuses or fails, in its own words; RFC 6749 §5.2 for the shape.

interface Row {
  readonly status: number
  readonly contentType: string
  readonly body: string
}

const refusal = (status: number, error: string, description?: string): Row => ({
  status,
  contentType: 'application/json; charset=utf-8',
  body: JSON.stringify({ error, ...(description === undefined ? {} : { error_description: description }) }, null, 2),
})

const page = (status: number, title: string, text: string): Row => ({
  status,
  contentType: 'text/html; charset=UTF-8',
  body: `<!DOCTYPE html>\n<html lang=en><title>Error ${status} (${title})!!1</title><p><b>${status}.</b> ${text}</html>\n`,
})

/** Every refusal and failure that the simulator can be told to answer with, by name. */
export const oauthRows = {
  'invalid signature': refusal(400, 'invalid_grant', 'Invalid JWT Signature.'),
  'unreasonable timeframe': refusal(
    400,
    'invalid_grant',
    'Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. Check your iat and exp values in the JWT claim.',
  ),
  'account not found': refusal(400, 'invalid_grant', 'Invalid grant: account not found'),
  'failed audience': refusal(400, 'invalid_grant', 'Invalid JWT: Failed audience check.'),
  'invalid scope': refusal(400, 'invalid_scope', 'Invalid OAuth scope or ID token audience provided.'),
  'missing scope': refusal(400, 'invalid_scope', 'Empty or missing scope not allowed.'),
  'invalid client': refusal(401, 'invalid_client', 'The OAuth client was not found.'),
  'invalid request': refusal(400, 'invalid_request', 'Bad Request'),
  'unsupported grant': refusal(400, 'unsupported_grant_type', 'Invalid grant_type'),
  'too many requests': refusal(429, 'rate_limit_exceeded', 'Too many requests'),
  'internal failure': refusal(500, 'internal_failure', 'Backend Error'),
  'bad gateway': page(502, 'Server Error', 'The server encountered a temporary error. Please try again in 30 seconds.'),
  unavailable: refusal(503, 'temporarily_unavailable'),
  'not json': page(200, 'OK', 'Sign in to the network to go on.'),
} as const satisfies Record<string, Row>

/** The name of one of them. */
export type OauthRow = keyof typeof oauthRows
