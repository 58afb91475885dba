import { describe, expect, it } from 'vitest'
import { startConversation } from './sasl.ts'
import { ScramConversation } from './scram.ts'

/** The exchange of RFC 7677 section 3, for the user "user" with the password "pencil". */
const RFC = {
  nonce: 'rOprNGfwEbeRWgbNEkqO',
  clientFirst: 'n,,n=user,r=rOprNGfwEbeRWgbNEkqO',
  serverFirst: 'r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096',
  clientFinal:
    'c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=',
  serverFinal: 'v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=',
}

function conversation(username = 'user', password = 'pencil'): ScramConversation {
  return new ScramConversation({ mechanism: 'scram-sha-256', username, password }, RFC.nonce)
}

async function say(talk: ScramConversation, text: string | null): Promise<string | null> {
  return (await talk.respond(text === null ? null : Buffer.from(text)))?.toString() ?? null
}

describe('SCRAM-SHA-256', () => {
  it('says what RFC 7677 says', async () => {
    const talk = conversation()
    expect(await say(talk, null)).toBe(RFC.clientFirst)
    expect(await say(talk, RFC.serverFirst)).toBe(RFC.clientFinal)
    expect(await say(talk, RFC.serverFinal)).toBeNull()
  })

  it('refuses a broker that does not know the password', async () => {
    const talk = conversation()
    await say(talk, null)
    await say(talk, RFC.serverFirst)
    await expect(say(talk, `v=${Buffer.alloc(32).toString('base64')}`)).rejects.toThrow('could not prove')
  })

  const hostile: [what: string, serverFirst: string, reason: string][] = [
    ['another nonce', 'r=xyz,s=W22Z,i=4096', 'did not answer with our nonce'],
    ['our nonce alone', `r=${RFC.nonce},s=W22Z,i=4096`, 'did not answer with our nonce'],
    ['too few iterations', RFC.serverFirst.replace('4096', '1'), 'asks for 1 iterations'],
    ['too many iterations', RFC.serverFirst.replace('4096', '99999999'), 'asks for 99999999 iterations'],
    ['nothing', '', 'did not answer with our nonce'],
  ]
  for (const [what, serverFirst, reason] of hostile) {
    it(`refuses ${what}`, async () => {
      const talk = conversation()
      await say(talk, null)
      await expect(say(talk, serverFirst)).rejects.toMatchObject({
        code: 'AUTHENTICATION_FAILED',
        message: expect.stringContaining(reason),
      })
    })
  }

  it('writes commas and equals signs of a name as RFC 5802 wants them', async () => {
    expect(await say(conversation('a=b,c'), null)).toBe('n,,n=a=3Db=2Cc,r=rOprNGfwEbeRWgbNEkqO')
  })
})

describe('the other mechanisms', () => {
  it('PLAIN is user and password between zero bytes', async () => {
    const talk = await startConversation({ mechanism: 'plain', username: 'u', password: 'p' })
    expect((await talk.respond(null))?.toString()).toBe('\0u\0p')
    expect(await talk.respond(Buffer.alloc(0))).toBeNull()
  })

  it('OAUTHBEARER asks for a token, and acknowledges a refusal', async () => {
    const token = async (): Promise<{ value: string; extensions: Record<string, string> }> => ({
      value: 't0ken',
      extensions: { traceId: '1' },
    })
    const talk = await startConversation({ mechanism: 'oauthbearer', token })
    expect((await talk.respond(null))?.toString()).toBe('n,,\x01auth=Bearer t0ken\x01traceId=1\x01\x01')
    expect((await talk.respond(Buffer.from('{"status":"invalid_token"}')))?.toString()).toBe('\x01')
    const other = await startConversation({ mechanism: 'oauthbearer', token })
    await other.respond(null)
    expect(await other.respond(Buffer.alloc(0))).toBeNull()
  })
})
