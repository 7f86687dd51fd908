/** The page in a real browser, as a person uses it: signing in, looking, looking something up, sending a test push. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { answers } from '../../lib/sim/apns-answers'
import { realDescribe } from '../support/available'
import { startChromium, type Chromium, type Tab } from '../support/chromium'
import { startHttpHouse, type HttpHouse } from '../support/http-house'
import { IOS } from '../support/house'
import { publishTo, registerDevice } from '../support/one-device'
import { contrastFaults, namelessControls } from '../support/page-looks'

const TOKEN = 'the-token-of-the-night-shift'
/** What an attacker would like a name to be. */
const HOSTILE = '<img src=x onerror=document.title=1>'
const LOOKS = 60

realDescribe('chromium', 'lib/http/page in Chromium', () => {
  let place: HttpHouse
  let browser: Chromium
  let page: Tab
  let node = ''
  const token = 'a1b2'.repeat(16)

  beforeAll(async () => {
    place = await startHttpHouse(['page'], { listener: { auth: { tokens: { night: TOKEN } } } })
    place.house.apns.addDevice({ token, topic: IOS })
    node = await registerDevice(place.house, 'romeo@example.com', IOS, token)
    browser = await startChromium()
    page = await browser.open(`${place.url}/page/`)
  }, 60_000)

  afterAll(async () => {
    await browser?.close()
    await place?.close()
  })

  /** Lets seconds pass until the expression is true in the page, and resolves with its value. */
  async function until(expression: string): Promise<unknown> {
    for (let look = 0; look < LOOKS; look++) {
      const value = await page.evaluate(expression)
      if (value !== false && value !== null && value !== undefined && value !== '') return value
      await place.house.clock.advance(1_000)
      await page.evaluate('new Promise((done) => setTimeout(done, 20))')
    }
    throw new Error(`never so: ${expression}\n${String(await page.evaluate('document.body.innerText'))}`)
  }

  const text = (id: string): string => `document.getElementById('${id}').innerText`
  const says = (id: string, words: string): string => `${text(id)}.includes(${JSON.stringify(words)})`
  const type = async (id: string, words: string): Promise<void> => {
    await page.evaluate(`document.getElementById('${id}').focus()`)
    await page.evaluate(`document.getElementById('${id}').value = ''`)
    await page.send('Input.insertText', { text: words })
  }
  const press = async (key: string, code: number): Promise<void> => {
    const its = { key, code: key, windowsVirtualKeyCode: code, ...(key === 'Enter' ? { text: '\r' } : {}) }
    await page.send('Input.dispatchKeyEvent', { type: 'keyDown', ...its })
    await page.send('Input.dispatchKeyEvent', { type: 'keyUp', ...its })
  }
  const focused = (): Promise<unknown> => page.evaluate(`document.activeElement.id`)

  it('asks for a token, with the keyboard there already, and says which is wrong', async () => {
    expect(await until(`!document.getElementById('sign-in').hidden`)).toBe(true)
    expect(await focused()).toBe('token')
    await type('token', 'a wrong one')
    await press('Enter', 13)
    await until(says('sign-in-fault', 'This token is not known here.'))
    expect(await focused()).toBe('token')
    expect(await page.evaluate(`document.getElementById('overview').hidden`)).toBe(true)
  })

  it('lets in with the right one, which stands in no address, no cookie that a script can read and no storage', async () => {
    await type('token', TOKEN)
    await press('Enter', 13)
    await until(says('liveness', 'live'))
    await until(says('apps', IOS))
    const places = (await page.evaluate(
      '[location.href, document.cookie, JSON.stringify(localStorage), JSON.stringify(sessionStorage)]',
    )) as readonly string[]
    expect(places.join(' ')).not.toContain(TOKEN)
    expect(places[1]).toBe('')
    expect(browser.requested.filter((url) => url.includes(TOKEN))).toEqual([])
  })

  it('shows what is attached and how each app stands', async () => {
    await until(says('links', 'push.example.com'))
    expect(await page.evaluate(text('links'))).toContain('attached')
    expect(await page.evaluate(text('apps'))).toContain('Nothing was delivered since the start')
    await until(`document.querySelector('#apps tbody tr td:nth-child(3)').innerText === '1'`)
  })

  it('shows a push that passes without being loaded again', async () => {
    await page.evaluate('globalThis.isSame = true')
    expect(await publishTo(place.house, node)).toBe('result')
    await until(says('apps', 'took pushes within the hour'))
    await until(`!document.getElementById('tiles').innerText.includes('none lately')`)
    expect(await page.evaluate('globalThis.isSame')).toBe(true)
  })

  it('keeps focus and what was selected while figures change', async () => {
    await type('about', 'rom')
    await page.evaluate(`globalThis.row = document.querySelector('#apps tbody tr')`)
    await publishTo(place.house, node)
    await until(`document.querySelector('#apps tbody tr td:nth-child(5)').innerText === '2'`)
    expect(await focused()).toBe('about')
    expect(await page.evaluate(`document.getElementById('about').value`)).toBe('rom')
    expect(await page.evaluate(`globalThis.row === document.querySelector('#apps tbody tr')`)).toBe(true)
  })

  it('looks an account up: its device, without the token, and the story of each push', async () => {
    await type('about', 'romeo@example.com')
    await press('Enter', 13)
    await until(says('found-title', 'Account romeo@example.com'))
    const body = String(await page.evaluate(text('found-body')))
    expect(body).toContain(node)
    expect(body).toContain('…a1b2')
    expect(body).not.toContain(token)
    expect(body).toContain('Attempt 1: the push service took it')
    expect(await focused()).toBe('found-title')
  })

  it('sends a test push once it is confirmed, and says what came of it', async () => {
    const before = place.house.apns.received(token).length
    await page.evaluate(`document.querySelector('#found-body button').click()`)
    expect(await page.evaluate(`document.getElementById('sending').open`)).toBe(true)
    expect(place.house.apns.received(token)).toHaveLength(before)
    await page.evaluate(`document.getElementById('sending-go').click()`)
    await until(says('sending-result', 'The push service took it'))
    expect(place.house.apns.received(token)).toHaveLength(before + 1)
    await press('Escape', 27)
    await until(`!document.getElementById('sending').open`)
    expect(await focused()).toBe('found-title')
    await until(says('found-body', 'from night at the page'))
  })

  it('looks again when it is asked to, and bears an address that is cut off', async () => {
    await publishTo(place.house, node)
    await place.house.rest()
    const stories = `document.querySelectorAll('#found-body .story').length`
    const before = Number(await page.evaluate(stories))
    await page.evaluate(`document.getElementById('look-again').click()`)
    await until(`${stories} > ${before}`)
    await page.evaluate(`location.hash = '#/about/romeo%'`)
    await until(says('found-title', 'romeo%'))
  })

  it('goes back with the browser’s own button', async () => {
    await page.evaluate('history.go(-2)')
    await until(`!document.getElementById('overview').hidden`)
    expect(await page.evaluate(`document.getElementById('found').hidden`)).toBe(true)
  })

  it('tells of an app that is held what happened and what to do, aloud too', async () => {
    place.house.apns.script({ answer: answers.refuse('TopicDisallowed'), times: 1 })
    await publishTo(place.house, node)
    await until(says('apps', 'It is held, its pushes wait'))
    const apps = String(await page.evaluate(text('apps')))
    expect(apps).toContain('Check that topic is the bundle id of the app')
    expect(apps).toContain(`xmpp-push outbox retry --app ${IOS}`)
    await until(says('failures', 'TopicDisallowed'))
    expect(await page.evaluate(`document.getElementById('announcement').textContent`)).toContain(
      `${IOS}: does not send`,
    )
    expect(await page.evaluate(text('standing'))).toBe('Something is to be looked at')
  })

  it('shows hostile names as what they are: text', async () => {
    const owner = 'mallory@example.com'
    const asked = await place.house.server
      .client(`${owner}/phone`)
      .iq(
        `<iq type='set' to='push.example.com'><pubsub xmlns='http://jabber.org/protocol/pubsub'>` +
          `<create node='&lt;img src=x onerror=document.title=1&gt;'/></pubsub></iq>`,
      )
    expect(asked.attrs['type']).toBe('result')
    await place.house.server.request(
      `<iq type='set' id='h' from='evil.example' to='push.example.com'><pubsub xmlns='http://jabber.org/protocol/pubsub'>` +
        `<publish node='${HOSTILE.replace(/</g, '&lt;')}'/></pubsub></iq>`,
    )
    const vendor = { status: 400, body: JSON.stringify({ reason: HOSTILE }), headers: {}, hasApnsId: true, pieces: 1 }
    place.house.apns.script({ answer: { kind: 'status', ...vendor }, times: 1 })
    await publishTo(place.house, node)
    for (const about of [owner, HOSTILE, `"><script>document.title=1</script>`]) {
      await page.evaluate(`location.hash = ${JSON.stringify(`#/about/${encodeURIComponent(about)}`)}`)
      await until(`document.getElementById('found-title').innerText.endsWith(${JSON.stringify(about)})`)
    }
    await page.evaluate(`location.hash = '#/about/${owner}'`)
    await until(says('found-body', HOSTILE))
    expect(await page.evaluate(`document.querySelectorAll('#main img, #main script').length`)).toBe(0)
    expect(await page.evaluate('document.title')).toContain(owner)
    await page.evaluate(`location.hash = '#/'`)
    await until(says('failures', 'evil.example'))
    await until(says('failures', HOSTILE))
    expect(await page.evaluate(`document.querySelectorAll('#main img, #main script').length`)).toBe(0)
  })

  it('would be kept from running such a thing by its policy, too', async () => {
    const tried = await page.evaluate(`(() => {
      try { document.getElementById('found-fault').innerHTML = '<b>x</b>'; return 'written' } catch (error) { return error.name }
    })()`)
    expect(tried).toBe('TypeError')
  })

  it('asks no host but its own', () => {
    expect(browser.requested.length).toBeGreaterThan(10)
    expect(browser.requested.filter((url) => !url.startsWith(`${place.url}/page/`))).toEqual([])
  })

  describe.each([
    ['desktop', 1280, 900, 'light'],
    ['desktop', 1280, 900, 'dark'],
    ['phone', 375, 812, 'light'],
    ['phone', 375, 812, 'dark'],
  ] as const)('on a %s of %i by %i, %s', (kind, width, height, scheme) => {
    beforeAll(async () => {
      await page.send('Emulation.setDeviceMetricsOverride', {
        ...{ width, height, deviceScaleFactor: 1, mobile: kind === 'phone' },
      })
      await page.send('Emulation.setEmulatedMedia', { features: [{ name: 'prefers-color-scheme', value: scheme }] })
    })

    const views = [
      ['overview', '#/', `!document.getElementById('overview').hidden`],
      ['account', '#/about/romeo@example.com', says('found-title', 'romeo')],
    ] as const

    it.each(views)(
      '%s can be read: nothing is cut off, every text has contrast, every control a name',
      async (view, hash, isThere) => {
        await page.evaluate(`location.hash = '${hash}'`)
        await until(isThere)
        expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true)
        expect(await page.evaluate(contrastFaults)).toEqual([])
        expect(await page.evaluate(namelessControls)).toEqual([])
        const shot = await page.send('Page.captureScreenshot', { format: 'png', captureBeyondViewport: true })
        const folder = process.env['XMPP_PUSH_SCREENSHOTS']
        if (folder === undefined) return
        mkdirSync(folder, { recursive: true })
        writeFileSync(join(folder, `${view}-${kind}-${scheme}.png`), Buffer.from(String(shot['data']), 'base64'))
      },
    )
  })

  it('asks for a token again when the session is over elsewhere', async () => {
    await page.evaluate(`document.getElementById('sign-out').click()`)
    await until(`!document.getElementById('sign-in').hidden`)
    expect(await page.evaluate(`fetch('session').then(({ status }) => status)`)).toBe(401)
  })
})
