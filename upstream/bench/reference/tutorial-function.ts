/** A token function in the shape of Ably's tutorials: what ours is measured against. */
import Ably from "ably";

export default async () => {
  const client = new Ably.Rest(process.env.ABLY_API_KEY ?? "");
  const tokenRequestData = await client.auth.createTokenRequest({ clientId: "ada" });
  return Response.json(tokenRequestData);
};
