import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { systemClock } from '../../lib/clock'
import { startHttp, type HttpServer } from '../../lib/http/server'
import { webPushExample } from '../../lib/http/webpush-example'
import { openInterface } from '../support/open-interface'

const folder = join(__dirname, '..', '..', 'docs', 'webpush-example')
let server: HttpServer
let base = ''

beforeAll(async () => {
  const offers = () => new Map([['org.example.web', { 'vapid-public-key': 'BKey' }]])
  const listener = { host: '127.0.0.1', port: 0, serve: [openInterface(webPushExample, { offers })] }
  server = await startHttp({ listeners: [listener], clock: systemClock, observe: () => undefined })
  base = `${server.urls[0]}/webpush-example/`
})

afterAll(() => server.close(0))

describe('lib/http/webpush-example', () => {
  it.each([
    ['', 'text/html', 'index.html'],
    ['page.css', 'text/css', 'page.css'],
    ['page.js', 'text/javascript', 'page.js'],
    ['worker.js', 'text/javascript', 'worker.js'],
  ])('serves %s as %s', async (path, type, file) => {
    const answer = await fetch(`${base}${path}`)
    expect(answer.headers.get('content-type')).toBe(`${type}; charset=utf-8`)
    expect(await answer.text()).toBe(readFileSync(join(folder, file), 'utf8'))
  })

  it('lets no page of it ask any other host, or stand in a frame', async () => {
    for (const path of ['', 'page.js', 'worker.js', 'apps.json']) {
      const policy = (await fetch(`${base}${path}`)).headers.get('content-security-policy')
      expect(policy).toMatch(/default-src 'none'/)
      expect(policy).toMatch(/frame-ancestors 'none'/)
      expect(policy).not.toMatch(/https?:|\*|unsafe/)
    }
  })

  it('names no other host in any of its files', () => {
    const texts = readdirSync(folder)
      .filter((name) => !name.endsWith('.md'))
      .map((name) => readFileSync(join(folder, name), 'utf8'))
    const hosts = texts.flatMap((text) => text.match(/https?:\/\/[^\s'"`/]+/g) ?? [])
    expect(hosts.filter((host) => host !== 'http://jabber.org')).toEqual([])
  })

  it('tells which key each app subscribes with', async () => {
    const apps: unknown = await (await fetch(`${base}apps.json`)).json()
    expect(apps).toEqual([{ app: 'org.example.web', 'vapid-public-key': 'BKey' }])
  })

  it('sends who forgets the slash to the page', async () => {
    const answer = await fetch(base.slice(0, -1), { redirect: 'manual' })
    expect([answer.status, answer.headers.get('location')]).toEqual([308, '/webpush-example/'])
  })

  it('serves nothing else of the folder', async () => {
    for (const path of ['README.md', '../component.config.schema.json', '%2e%2e/webpush.md']) {
      expect((await fetch(`${base}${path}`)).status).toBe(404)
    }
  })
})
