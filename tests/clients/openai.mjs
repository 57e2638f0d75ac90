// The published `openai` client: a picture, a link, a stream, a refusal. Prints one JSON object.
import OpenAI from "openai";

const client = new OpenAI({ baseURL: `${process.argv[2]}/v1`, apiKey: "any", maxRetries: 0 });
const prompt = "portrait of a sailor";

const plain = await client.images.generate({ model: "gpt-image-1", prompt, size: "64x96", n: 2, seed: 11 });
const linked = await client.images.generate({ model: "dall-e-3", prompt, seed: 11 });
const fetched = await fetch(linked.data[0].url);

const events = [];
for await (const event of await client.images.generate({ prompt, stream: true, partial_images: 2, seed: 11 })) {
  events.push({ type: event.type, bytes: Buffer.from(event.b64_json, "base64").length });
}

let refusal = null;
try {
  await client.images.generate({ prompt, model: "no-such-model" });
} catch (error) {
  refusal = { name: error.constructor.name, status: error.status, code: error.code, request: !!error.requestID };
}

const models = [];
for await (const model of client.models.list()) models.push(model.id);

console.log(
  JSON.stringify({
    pictures: plain.data.map((item) => item.b64_json),
    seeds: plain.data.map((item) => item.seed),
    size: plain.size,
    link: { type: fetched.headers.get("content-type"), bytes: (await fetched.arrayBuffer()).byteLength },
    events,
    refusal,
    models,
  }),
);
