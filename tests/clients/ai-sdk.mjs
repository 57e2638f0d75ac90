// The published `ai` and `@ai-sdk/openai-compatible`: pictures, fields of ours, a refusal. Prints one JSON object.
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { generateImage } from "ai";

const provider = createOpenAICompatible({ name: "fluxgram", baseURL: `${process.argv[2]}/v1`, apiKey: "any" });
const prompt = "portrait of a sailor";

const { images } = await generateImage({
  model: provider.imageModel("fluxgram-v1"),
  prompt,
  size: "64x96",
  n: 2,
  providerOptions: { fluxgram: { seed: 11, steps: 2, negative_prompt: "hat" } },
  maxRetries: 0,
});

let refusal = null;
try {
  await generateImage({ model: provider.imageModel("no-such-model"), prompt, maxRetries: 0 });
} catch (error) {
  refusal = { status: error.statusCode, message: error.message };
}

let edit = null;
try {
  const picture = images[0].uint8Array;
  await generateImage({
    model: provider.imageModel("fluxgram-v1"),
    prompt: { text: "with a hat", images: [picture] },
    maxRetries: 0,
  });
} catch (error) {
  edit = { status: error.statusCode, message: error.message };
}

console.log(JSON.stringify({ pictures: images.map((image) => image.base64), types: images.map((image) => image.mediaType), refusal, edit }));
