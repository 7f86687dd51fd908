/** `/openapi.json`: what a listener serves, as OpenAPI 3.1, made from its routes and their schemas. */
import { z } from 'zod'
import { httpInterface, type HttpInterface, type HttpRoute, type HttpSurroundings, type Served } from './interface'

type Json = Readonly<Record<string, unknown>>

export const openapi = httpInterface({
  name: 'openapi',
  for: 'callers',
  about: 'What the listener serves, as OpenAPI.',
  open: serve,
})

/** A schema as JSON Schema (draft 2020-12, which OpenAPI 3.1 takes). */
function shapeOf(schema: z.ZodType): Json {
  const { $schema: _draft, ...shape } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' })
  return shape
}

const json = (schema: z.ZodType | undefined, type = 'application/json'): Json =>
  schema === undefined ? {} : { content: { [type]: { schema: shapeOf(schema) } } }

/** `/v1/notification/:device{.+}` as `/v1/notification/{device}`. */
const pathOf = (path: string): string => path.replace(/:(\w+)(?:\{[^}]*\})?/g, '{$1}')

function operationOf(of: HttpInterface, route: HttpRoute, isAsked: boolean): Json {
  const { tells } = route
  const parameters = [...pathOf(route.path).matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    ...{ name, in: 'path', required: true, schema: { type: 'string' } },
  }))
  const answers = Object.entries(tells?.answers ?? {}).map(([status, { when, body }]) => [
    status,
    { description: when, ...json(body) },
  ])
  const isFor = route.for ?? of.for
  return {
    tags: [of.name],
    ...(tells === undefined ? {} : { summary: tells.summary }),
    ...(parameters.length === 0 ? {} : { parameters }),
    // Content-Type is not looked at: some callers send none.
    ...(tells?.body === undefined ? {} : { requestBody: { required: true, ...json(tells.body, tells.bodyType) } }),
    responses:
      answers.length === 0 ? { default: { description: 'as its interface has it' } } : Object.fromEntries(answers),
    security: isAsked && isFor === 'callers' ? [{ token: [] }] : [],
  }
}

/** The document. `isAsked`: callers are asked for a token. */
export function openApiOf(interfaces: readonly HttpInterface[], version: string, isAsked = true): Json {
  const paths: Record<string, Record<string, Json>> = {}
  for (const of of interfaces) {
    for (const route of of.routes) {
      const path = pathOf(route.path)
      paths[path] = { ...paths[path], [route.method.toLowerCase()]: operationOf(of, route, isAsked) }
    }
  }
  return {
    openapi: '3.1.0',
    info: { title: 'xmpp-push', version, license: { name: 'ISC', identifier: 'ISC' } },
    tags: interfaces.map(({ name }) => ({ name })),
    paths,
    components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
  }
}

function serve({ beside, live }: HttpSurroundings): Served {
  return {
    routes: [
      {
        ...{ method: 'GET', path: '/openapi.json' },
        tells: { summary: 'This document.', answers: { 200: { when: 'always', body: z.looseObject({}) } } },
        answer: (context) => context.json(openApiOf(beside(), live.version)),
      },
    ],
  }
}
