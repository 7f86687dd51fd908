/**
 * The example page in a real browser. No vendor's push service is within reach: a push is put into the browser by the
 * DevTools protocol, behind its decryption, and subscribing is done by a stub.
 */
import { writeFileSync } from 'node:fs'
import { systemClock } from '../../lib/clock'
import { startHttp, type HttpServer } from '../../lib/http/server'
import { webPushExample } from '../../lib/http/webpush-example'
import { openInterface } from '../support/open-interface'
import { type NotificationClass } from '../../lib/model/notification'
import { Opaque } from '../../lib/model/opaque'
import { webpush } from '../../lib/profiles/webpush'
import { realDescribe } from '../support/available'
import { startChromium, type Chromium, type Tab } from '../support/chromium'

const KEY = 'BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A8'

/** What the profile writes for a device, as the browser hands it to the worker. */
function payload(kind: NotificationClass, count: number): string {
  const notification = { class: kind, urgency: 'high', expiresAt: 1, content: { count } } as const
  const registration = {
    id: 'r1',
    service: 'push.example.com',
    node: 'n1',
    owner: 'romeo@example.com',
    dialect: 'webpush',
    device: 'd1',
    app: 'org.example.web',
    address: new Opaque('{}'),
    hints: {},
    registeredAt: 0,
    seenAt: 0,
  }
  const options = webpush.options.parse({}) as Parameters<typeof webpush.reveals>[0]
  const written = webpush.write.webpush?.({ id: 'x', registration, notification }, options)
  if (written?.is !== 'content' || written.content.speaks !== 'webpush') throw new Error('nothing was written')
  return written.content.payload
}

interface Shown {
  readonly title: string
  readonly body: string
  readonly tag: string
}

const SHOWN = `navigator.serviceWorker.ready
  .then((registration) => registration.getNotifications())
  .then((all) => all.map(({ title, body, tag }) => ({ title, body, tag })))`

realDescribe('chromium', 'docs/webpush-example in Chromium', () => {
  let http: HttpServer
  let browser: Chromium
  let page: Tab
  let origin = ''
  let registrationId = ''

  beforeAll(async () => {
    const offers = () => new Map([['org.example.web', { 'vapid-public-key': KEY }]])
    const listener = { host: '127.0.0.1', port: 0, serve: [openInterface(webPushExample, { offers })] }
    http = await startHttp({ listeners: [listener], clock: systemClock, observe: () => undefined })
    origin = http.urls[0] ?? ''
    browser = await startChromium()
    await browser.send('Browser.grantPermissions', { origin, permissions: ['notifications'] })
    page = await browser.open(`${origin}/webpush-example/`)
    await page.evaluate(`new Promise((done) => {
      const look = () => document.getElementById('key').value !== '' ? done() : requestAnimationFrame(look)
      look()
    })`)
    const registered = await page.event(
      'ServiceWorker.workerRegistrationUpdated',
      ({ registrations }) => (registrations as readonly unknown[]).length > 0,
    )
    const [first] = registered['registrations'] as readonly { readonly registrationId: string }[]
    registrationId = first?.registrationId ?? ''
  })

  afterAll(async () => {
    await browser?.close()
    await http?.close(0)
  })

  /** Puts a push into the browser and waits until the worker has told the page of it, which it does after showing it. */
  async function deliver(data: string): Promise<unknown> {
    await page.evaluate(`void (globalThis.heard = new Promise((done) =>
      navigator.serviceWorker.addEventListener('message', ({ data }) => done(data), { once: true })))`)
    await page.send('ServiceWorker.deliverPushMessage', { origin, registrationId, data })
    return page.evaluate('globalThis.heard')
  }

  const shown = async (): Promise<readonly Shown[]> => (await page.evaluate(SHOWN)) as readonly Shown[]

  it('registers its service worker', async () => {
    expect(await page.evaluate(`document.getElementById('worker').textContent`)).toBe('ready')
    expect(await page.evaluate('navigator.serviceWorker.ready.then(({ scope }) => scope)')).toBe(
      `${origin}/webpush-example/`,
    )
  })

  it('offers the VAPID public key of the app', async () => {
    expect(await page.evaluate(`document.getElementById('app').value`)).toBe('org.example.web')
    expect(await page.evaluate(`document.getElementById('key').value`)).toBe(KEY)
  })

  it('shows a push that the DevTools protocol delivers (this proves the worker, not the encryption)', async () => {
    const heard = await deliver(payload('message', 3))
    expect(heard).toEqual({ v: 1, class: 'message', account: 'romeo@example.com', count: 3 })
    expect(await shown()).toEqual([{ title: 'romeo@example.com', body: '3 messages wait', tag: 'romeo@example.com' }])
  })

  it('puts a later push of the account in the place of the first, and closes it at a dismissal', async () => {
    await deliver(payload('message', 4))
    expect(await shown()).toMatchObject([{ body: '4 messages wait' }])
    await deliver(payload('dismiss', 0))
    expect(await shown()).toEqual([])
  })

  it('shows what it cannot read as a wake-up', async () => {
    await deliver('not JSON')
    expect(await shown()).toEqual([{ title: 'New message', body: 'A message waits', tag: 'xmpp' }])
  })

  it('subscribes with the key and shows what to register, with a stubbed PushManager (untested against a vendor)', async () => {
    const stanza = await page.evaluate(`(async () => {
      globalThis.asked = undefined
      PushManager.prototype.subscribe = async (options) => {
        globalThis.asked = { ...options, applicationServerKey: [...options.applicationServerKey] }
        return {
          endpoint: 'https://push.example.net/send/a?b&c',
          getKey: (name) => Uint8Array.from(name === 'auth' ? [1, 2, 255] : [4, 250, 251]).buffer,
        }
      }
      const state = document.getElementById('state')
      const changed = new Promise((done) => new MutationObserver(() => state.textContent === '…' || done())
        .observe(state, { childList: true }))
      document.getElementById('subscribe').click()
      await changed
      return document.getElementById('stanza').textContent
    })()`)
    const asked = (await page.evaluate('globalThis.asked')) as Readonly<Record<string, unknown>>
    expect(await page.evaluate(`document.getElementById('state').textContent`)).toBe('subscribed')
    expect(asked['userVisibleOnly']).toBe(true)
    expect(Buffer.from(asked['applicationServerKey'] as number[]).toString('base64url')).toBe(KEY)
    const values = Object.fromEntries(
      [...String(stanza).matchAll(/<field var='([\w-]+)'><value>(.*?)<\/value>/g)].map(
        ([, name = '', value = '']) => [name, value] as const,
      ),
    )
    expect(values).toMatchObject({
      app: 'org.example.web',
      endpoint: 'https://push.example.net/send/a?b&amp;c',
      p256dh: 'BPr7',
      auth: 'AQL_',
    })
    expect(values['device-id']).toMatch(/^[0-9a-f-]{36}$/)
  })

  it('asks no host but its own', () => {
    expect(browser.requested.length).toBeGreaterThan(3)
    expect(browser.requested.filter((url) => !url.startsWith(`${origin}/`))).toEqual([])
  })

  it('can be looked at', async () => {
    const { data } = await page.send('Page.captureScreenshot', { format: 'png' })
    const picture = Buffer.from(String(data), 'base64')
    expect(picture.subarray(1, 4).toString()).toBe('PNG')
    const file = process.env['XMPP_PUSH_SCREENSHOT']
    if (file !== undefined) writeFileSync(file, picture)
  })
})
