/** The words of mod_push_appserver's HTTP interface (retired 2022): lines of text for apps, pages for whoever looks at it with a browser. */
import { type Context } from 'hono'
import { type Fields } from '../dialects/dialect'

/** Bytes of a body, as in mod_push_appserver. */
export const MOST = 4096

type Status = 200 | 400 | 403 | 429

/** `OK` and what follows, each in its line. */
export function ok(context: Context, ...lines: readonly string[]): Response {
  return context.text(['OK', ...lines].join('\n'))
}

/** The first line is not `OK`: apps look at nothing else. */
export function failed(context: Context, why: string, status: Status = 200): Response {
  return context.text(`ERROR\n${why}`, status)
}

/** A body of a form, whatever its Content-Type says. */
export async function formIn(context: Context): Promise<Fields> {
  const fields = new Map<string, string[]>()
  for (const [name, value] of new URLSearchParams(await context.req.text())) {
    fields.set(name, [...(fields.get(name) ?? []), value])
  }
  return fields
}

const escapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** Text as it may stand in a page, in an attribute too. */
export function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => escapes[sign] ?? '')
}

/** A page; nothing in it is ever run. */
export function page(context: Context, inside: string): Response {
  context.header('content-security-policy', "default-src 'none'; form-action 'self'")
  context.header('cache-control', 'no-store')
  return context.html(
    `<!DOCTYPE html>\n<html><head><title>mod_push_appserver</title></head><body>\n${inside}\n</body></html>`,
  )
}

/** A form that posts to where it is. */
export function formPage(context: Context, title: string, fields: readonly string[]): Response {
  const rows = fields.map((name) => `<p><label>${name} <input type="text" name="${name}" required></label></p>`)
  return page(
    context,
    `<h1>${title}</h1><form method="post">${rows.join('')}<button type="submit">Send</button></form>`,
  )
}
