/** Debian's Chromium, headless and without a network of its own, spoken to by the DevTools protocol over a pipe. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Readable, type Writable } from 'node:stream'
import { programPath } from './available'

type Json = Readonly<Record<string, unknown>>

interface Message {
  readonly id?: number
  readonly method?: string
  readonly sessionId?: string
  readonly params?: Json
  readonly result?: Json
  readonly error?: { readonly message: string }
}

/** A target of the browser that was attached to: a page. */
export interface Tab {
  /** Sends a command of the protocol and resolves with its result; rejects with what the browser objects to. */
  readonly send: (method: string, params?: Json) => Promise<Json>
  /** The first event of that name, past or to come, that is so. */
  readonly event: (method: string, isSo?: (params: Json) => boolean) => Promise<Json>
  /** Evaluates an expression in the page, awaits it, and resolves with its value, which must be JSON. */
  readonly evaluate: (expression: string) => Promise<unknown>
}

export interface Chromium {
  /** Opens a page of that address and waits until it is loaded. */
  readonly open: (url: string) => Promise<Tab>
  readonly send: Tab['send']
  /** What events of that name told so far, of the browser and of all pages. */
  readonly told: (method: string) => readonly Json[]
  /** Addresses of all requests so far, of pages that were opened and of their workers' scripts. */
  readonly requested: readonly string[]
  readonly close: () => Promise<void>
}

const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--disable-dev-shm-usage',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--remote-debugging-pipe',
]
const PATIENCE_MS = 20_000

/** Commands and events over the pipe: JSON texts, each ended by a NUL. */
function converse(child: ChildProcess) {
  const [, , , toIt, fromIt] = child.stdio as unknown as [null, null, null, Writable, Readable]
  const messages: Message[] = []
  const watchers = new Set<() => void>()
  let unread = ''
  let ids = 0
  fromIt.setEncoding('utf8').on('data', (text: string) => {
    const parts = `${unread}${text}`.split('\0')
    unread = parts.pop() ?? ''
    messages.push(...parts.map((part) => JSON.parse(part) as Message))
    for (const look of [...watchers]) look()
  })

  function heard(what: string, test: (message: Message) => boolean): Promise<Message> {
    return new Promise((resolve, reject) => {
      const end = (): void => {
        watchers.delete(look)
        clearTimeout(patience)
      }
      const look = (): void => {
        const found = messages.find(test)
        if (found === undefined) return
        end()
        resolve(found)
      }
      const patience = setTimeout(() => {
        end()
        reject(new Error(`Chromium did not say ${what} in ${PATIENCE_MS} ms`))
      }, PATIENCE_MS)
      watchers.add(look)
      look()
    })
  }

  function tab(sessionId?: string): Tab {
    const send: Tab['send'] = async (method, params = {}) => {
      const id = ++ids
      const session = sessionId === undefined ? {} : { sessionId }
      toIt.write(`${JSON.stringify({ id, method, params, ...session })}\0`)
      const { result = {}, error } = await heard(`what came of ${method}`, (message) => message.id === id)
      if (error !== undefined) throw new Error(`${method}: ${error.message}`)
      return result
    }
    return {
      send,
      async event(method, isSo = () => true) {
        const test = (message: Message): boolean =>
          message.method === method && message.sessionId === sessionId && isSo(message.params ?? {})
        return (await heard(method, test)).params ?? {}
      },
      async evaluate(expression) {
        const asked = { expression, awaitPromise: true, returnByValue: true, userGesture: true }
        const { result, exceptionDetails } = await send('Runtime.evaluate', asked)
        if (exceptionDetails !== undefined) throw new Error(JSON.stringify(exceptionDetails))
        return (result as Json)['value']
      },
    }
  }
  return { messages, tab }
}

/** Starts it with an empty profile of its own. */
export async function startChromium(): Promise<Chromium> {
  const profile = mkdtempSync(join(tmpdir(), 'chromium-'))
  const child = spawn(programPath('chromium') ?? 'chromium', [...FLAGS, `--user-data-dir=${profile}`, 'about:blank'], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'], HOME: profile },
  })
  const { messages, tab } = converse(child)
  const browser = tab()
  const told: Chromium['told'] = (method) =>
    messages.filter((message) => message.method === method).map(({ params }) => params ?? {})
  return {
    send: browser.send,
    told,
    get requested() {
      return told('Network.requestWillBeSent').map(({ request }) => (request as { readonly url: string }).url)
    },
    async open(url) {
      const { targetId } = await browser.send('Target.createTarget', { url: 'about:blank' })
      const { sessionId } = await browser.send('Target.attachToTarget', { targetId, flatten: true })
      const page = tab(String(sessionId))
      for (const domain of ['Page', 'Runtime', 'Network', 'ServiceWorker']) await page.send(`${domain}.enable`)
      await page.send('Page.navigate', { url })
      await page.event('Page.loadEventFired')
      return page
    },
    async close() {
      const gone = child.exitCode === null ? once(child, 'exit') : Promise.resolve()
      await browser.send('Browser.close').catch(() => child.kill('SIGKILL'))
      await gone
      rmSync(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })
    },
  }
}
