import { mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { realDescribe } from '../support/available'
import { call } from '../support/call'
import { startCommand, type CommandProcess } from '../support/command-process'
import { makeFolder } from '../support/folder'
import { askAt, type Reply } from '../support/http-house'

const folder = makeFolder()
const running: CommandProcess[] = []
let folders = 0

/** A call with a place for temporary files of its own. */
function simulate(words: readonly string[], path?: string): { command: CommandProcess; left: () => readonly string[] } {
  const own = join(folder.path, String(++folders))
  mkdirSync(own)
  const command = startCommand({ folder: own, ...(path === undefined ? {} : { path }) }, 'simulate', ...words)
  running.push(command)
  return { command, left: () => readdirSync(own) }
}

/** What looks like a device token, an access token, a signed token or a key. */
const SECRET = /[0-9a-f]{64}|:APA91b|ya29\.|eyJ[\w-]{20}|PRIVATE KEY/

afterAll(async () => {
  for (const command of running) command.signal('SIGKILL')
  await Promise.all(running.map(({ ended }) => ended))
})

describe('lib/commands/simulate', () => {
  describe('with --once', () => {
    let printed = ''
    let code: number | null = null
    let left: readonly string[] = []

    beforeAll(async () => {
      const played = simulate(['--once'])
      code = await played.command.ended
      printed = played.command.printed
      left = played.left()
    })

    it('ends with 0, for the push has arrived at all three', () => {
      expect(printed).toMatch(
        /The push arrived at all 3, counted from the message: Apple \d+ ms, Google \d+ ms, Web Push \d+ ms/,
      )
      expect(code).toBe(0)
    })

    it('takes the simulated server where there is no Prosody, and says so', () => {
      expect(printed).toContain('Prosody is not installed, so the simulated server takes its place.')
    })

    it.each([
      ['the configuration', /component\.config\.json\n {6}\{\n(.+\n)+ +"org.example.ios": \{/],
      ['the registering', /register-device.*\n(.+\n)+ +<field var='device-token'><value>…\w{4}<\/value>/],
      ['the answer to it', /status='completed'.*\n(.+\n)+ +<field var='node' type='text-single'><value>/],
      ['the stored row', /node +\S{24}\n +owner +juliet@example.com\n(.+\n)+ +address +…\w{4}\n/],
      ['the enabling', /<enable xmlns='urn:xmpp:push:0' jid='push.example.com' node='/],
      ['the message', /romeo@example.com writes to juliet@example.com, who is offline: “But, soft!/],
      ['the publish', /<publish node='\S{24}'>\n +<item>\n +<notification xmlns='urn:xmpp:push:0'>/],
      ['its answer', /<iq type='result' from='push.example.com' to='example.com' id='\S+'\/>/],
      ['what Apple gets', /POST \/3\/device\/…\w{4}\n(.+\n)+ +authorization: bearer \(a JWT: .*kid ABC123DEFG/],
      ['what Google gets', /POST \/v1\/projects\/example-android\/messages:send\n(.+\n)+ *\n(.+\n)+ +"token": "…/],
      [
        'what a browser gets',
        /vapid \(a JWT: .*aud https:.*\n(.+\n)* *\n +\{ "v": 1, "class": "message", "account": "juliet/,
      ],
      ['the log', /"at":"settled",.*"app":"org.example.ios".*"end":"delivered"/],
    ])('shows %s', (_what, pattern) => {
      expect(printed).toMatch(pattern)
    })

    it('says that nothing of the message has left', () => {
      expect(printed).toMatch(/Nothing of the message left this machine: .* \(4 requests/)
    })

    it('shows no token and no secret in full', () => {
      expect(printed).not.toMatch(SECRET)
    })

    it('breaks no rule of the push services', () => {
      expect(printed).not.toContain('Against the rules')
    })

    it('leaves no file behind', () => {
      expect(left).toEqual([])
    })

    it('writes no colours where nobody sees them', () => {
      expect(printed).not.toContain('\u001b')
    })
  })

  it('stays until it is interrupted, and sends another message at Enter', async () => {
    const { command, left } = simulate(['--server', 'simulated'])
    await command.until(/Ctrl-C ends/)
    command.enter()
    await command.until(/See, how she leans(.*\n)+The push arrived at all 3/)
    command.signal('SIGINT')
    expect(await command.ended).toBe(0)
    expect(left()).toEqual([])
  })

  it('serves a service of one’s own', async () => {
    const { command, left } = simulate(['--serve', '--server', 'simulated'])
    const [, file = ''] = await command.until(/xmpp-push run --config (\S+)/)
    const accounts = readFileSync(join(dirname(file), 'accounts.json'), 'utf8')
    const { devices, password } = JSON.parse(accounts) as {
      readonly password: string
      readonly devices: readonly { readonly token: string }[]
    }
    const secret = readFileSync(join(dirname(file), 'component-secret'), 'utf8').trim()
    const own = startCommand({ folder: folder.path }, 'run', '--config', file)
    running.push(own)
    await command.until(/push.example.com is attached/)
    command.enter()
    await Promise.all([
      command.until(/Web Push gets, and answers 201/),
      command.until(/Apple gets, and answers 200/),
      command.until(/Google gets, and answers 200/),
      own.until(/"app":"org.example.ios".*"end":"delivered"/),
    ])
    own.signal('SIGTERM')
    expect(await own.ended).toBe(0)
    command.signal('SIGTERM')
    expect(await command.ended).toBe(0)
    const secrets = [secret, password, ...devices.map(({ token }) => token)]
    expect(secrets.filter((each) => command.printed.includes(each))).toEqual([])
    expect(command.printed).not.toMatch(SECRET)
    expect(left()).toEqual([])
  })

  it('is a test push service for a Mattermost server, and shows what a phone would have got', async () => {
    const { command, left } = simulate(['--serve', '--server', 'simulated'])
    const [, url = ''] = await command.until(/MM_EMAILSETTINGS_PUSHNOTIFICATIONSERVER=(\S+)/)
    const iphone = 'a1b2c3d4'.repeat(8)
    const android = `fcm-token:APA91b${'x'.repeat(100)}tail`
    const push = (platform: string, device: string, more: object = {}): Promise<Reply> =>
      askAt(url, 'POST', '/api/v1/send_push', {
        ...{ ack_id: 'a1', platform, server_id: 's1', device_id: device, type: 'message', message: 'juliet: hi' },
        ...{ channel_id: 'c1', badge: 1, version: 'v2', is_crt_enabled: false, is_id_loaded: false, signature: '' },
        ...more,
      })
    const replies = [
      await push('apple_rn-v2', iphone),
      await push('android_rn', android),
      await push('apple_rnbeta', iphone.replace('a1', 'ee'), { transport: 'voip' }),
    ]
    expect(replies.map(({ status, text }) => [status, text])).toEqual(replies.map(() => [200, '{"status":"OK"}']))
    await Promise.all([
      command.until(
        /Apple gets, and answers 200\n +POST \/3\/device\/…c3d4\n(.+\n)+ *\n(.+\n)+ +"alert": "juliet: hi"/,
      ),
      command.until(
        /Google gets, and answers 200\n(.+\n)+ *\n(.+\n)+ +"token": "…tail"(.*\n)+ +"message": "juliet: hi"/,
      ),
      command.until(/apns-topic: org.example.mattermost.voip\n/),
    ])
    expect(await push('windows', 'w1')).toMatchObject({ text: expect.stringContaining('FAIL') as string })
    await command.until(/The test push service for Mattermost says\n.*no app has a match of platform windows/)
    command.signal('SIGINT')
    expect(await command.ended).toBe(0)
    expect(command.printed).not.toMatch(SECRET)
    expect(command.printed).not.toContain(android)
    expect(left()).toEqual([])
  })

  it('says what is missing where a real Prosody is asked for and there is none', async () => {
    const { command, left } = simulate(['--once', '--server', 'prosody'])
    expect(await command.ended).toBe(1)
    expect(command.printed).toBe('simulate: Prosody is not installed\n')
    expect(left()).toEqual([])
  })

  it.each([[['--once', '--serve']], [['--server', 'ejabberd']]])('does not understand %j', async (words) => {
    expect((await call('simulate', ...words)).code).toBe(2)
  })
})

realDescribe('prosody', 'lib/commands/simulate with a real Prosody', () => {
  it('plays the same story', async () => {
    const { command, left } = simulate(['--once', '--server', 'prosody'], process.env['PATH'])
    expect(await command.ended).toBe(0)
    expect(command.printed).toMatch(/It is Prosody \d+\.\d+/)
    expect(command.printed).toMatch(/<notification xmlns='urn:xmpp:push:0'>(.*\n)+The push arrived at all 3/)
    expect(command.printed).not.toMatch(SECRET)
    expect(left()).toEqual([])
  })
})
