using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace Appliance.Uplink.Stix;

/// <summary>Identifiers that come out the same each time: UUID version 5 (RFC 9562) over a name.</summary>
internal static class StixId
{
    /// <summary>Namespace of ids of cyber-observable objects, STIX 2.1 section 2.9.</summary>
    private static readonly Guid s_observables = new("00abedb4-aa42-466c-9c01-fed23315a9b7");

    /// <summary>Root of the namespaces of all nodes; made once for this product.</summary>
    private static readonly Guid s_product = new("0f8a3c0e-6f0d-4c58-9d0f-2f3f7f6f9b11");

    /// <summary>The id of an object of <paramref name="type"/> that node <paramref name="node"/> says about <paramref name="name"/>.</summary>
    public static string Of(string type, Guid node, string name) => $"{type}--{Version5(node, $"{type}/{name}")}";

    /// <summary>The id of an object that is the same on every node of this product.</summary>
    public static string Fixed(string type, string name) => $"{type}--{Version5(s_product, $"{type}/{name}")}";

    /// <summary>The id of a cyber-observable object from its id-contributing properties.</summary>
    public static string Observable(string type, JsonObject contributing) =>
        $"{type}--{Version5(s_observables, Encoding.UTF8.GetString(CanonicalJson.Write(contributing)))}";

    /// <summary>UUID version 5 of <paramref name="name"/> in <paramref name="space"/>.</summary>
    public static Guid Version5(Guid space, string name)
    {
        var hash = SHA1.HashData([.. space.ToByteArray(bigEndian: true), .. Encoding.UTF8.GetBytes(name)]).AsSpan(0, 16);
        hash[6] = (byte)((hash[6] & 0x0F) | 0x50);
        hash[8] = (byte)((hash[8] & 0x3F) | 0x80);
        return new Guid(hash, bigEndian: true);
    }

    /// <summary>True for <c>type--uuid</c> with a type of the standard's alphabet.</summary>
    public static bool IsValid(string id, out string type)
    {
        var split = id.IndexOf("--", StringComparison.Ordinal);
        type = split > 0 ? id[..split] : "";
        return type.Length is >= 3 and <= 250
            && type.All(c => c is (>= 'a' and <= 'z') or (>= '0' and <= '9') or '-')
            && Guid.TryParseExact(id.AsSpan(split + 2), "D", out _);
    }
}
