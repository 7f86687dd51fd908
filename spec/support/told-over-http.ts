/** What `/ready` and the page tell as wrong, asked as their readers ask. */
import { request, type IncomingMessage } from 'node:http'
import { type Readiness } from '../../lib/admin/readiness'
import { type Glance } from '../../lib/admin/glance'

function ask(method: string, url: string, headers: Readonly<Record<string, string>> = {}): Promise<IncomingMessage> {
  return new Promise((done, failed) => {
    request(url, { method, headers, agent: false }, done).on('error', failed).end()
  })
}

/** Reads until this is in it, or to the end. */
async function textOf(response: IncomingMessage, until?: string): Promise<string> {
  let text = ''
  for await (const part of response.setEncoding('utf8')) {
    text += String(part)
    if (until !== undefined && text.includes(until)) break
  }
  return text
}

/** Every reason that is not all well, with its status first. */
export async function readyAt(url: string): Promise<readonly string[]> {
  const told = JSON.parse(await textOf(await ask('GET', `${url}/ready`))) as Readiness
  const { status, why, components, store, apps, noticed } = told
  return [
    status,
    ...(why === undefined ? [] : [why]),
    ...components.flatMap((each) => (each.why === undefined ? [] : [`${each.domain}: ${each.why}`])),
    ...(store.why === undefined ? [] : [`store: ${store.why}`]),
    ...apps.flatMap((each) =>
      [...(each.why === undefined ? [] : [each.why]), ...each.warnings].map((text) => `${each.app}: ${text}`),
    ),
    ...noticed.map(({ about, text, mend }) => `${about}: ${text}. ${mend}`),
  ]
}

/** Every sentence of what is not well, the service's own first. */
export async function pageAt(url: string): Promise<readonly string[]> {
  const signedIn = await ask('POST', `${url}/page/session`)
  const cookie = signedIn.headers['set-cookie']?.[0]?.split(';')[0] ?? ''
  signedIn.resume()
  const events = await ask('GET', `${url}/page/events`, { cookie })
  const text = await textOf(events, '\n\n')
  events.destroy()
  const { parts } = JSON.parse(/^data: (.*)$/m.exec(text)?.[1] ?? '{}') as { readonly parts: Record<string, unknown> }
  const service = parts['service'] as Glance['service']
  const apps = Object.entries(parts).flatMap(([name, part]) =>
    name.startsWith('app ') ? [part as Glance['apps'][number]] : [],
  )
  const spell = ({ text, cure }: Glance['service']['says'][number]): string =>
    cure === undefined ? text : `${text} ${cure}`
  return [
    ...service.says.map(spell),
    ...apps
      .filter(({ colour }) => colour === 'bad' || colour === 'look')
      .flatMap(({ app, says }) => says.map((each) => `${app}: ${spell(each)}`)),
  ]
}
