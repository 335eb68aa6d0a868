using System.Security.Cryptography;
using System.Text.Json;
using Appliance.Host.Trust;

namespace Appliance.Host.Plugins;

/// <summary>What a plug-in says of itself: <c>manifest.json</c>, whose bytes are signed in <c>manifest.sig</c>.</summary>
/// <param name="Id">Also the folder's name and the module's id.</param>
/// <param name="Version">For people.</param>
/// <param name="Contract">The contract it was built for; see <see cref="Current"/>.</param>
/// <param name="Assembly">File that holds the module.</param>
/// <param name="Files">Every other file of the folder with its SHA-256 as hex.</param>
internal sealed record PluginManifest(string Id, string Version, int Contract, string Assembly, IReadOnlyDictionary<string, string> Files)
{
    /// <summary>Raised when a plug-in built before would not work any more.</summary>
    public const int Current = 1;

    public const string FileName = "manifest.json";
    public const string SignatureName = "manifest.sig";

    private static readonly JsonSerializerOptions s_json = new(JsonSerializerDefaults.Web) { WriteIndented = true, MaxDepth = 8 };

    public static PluginManifest Read(byte[] bytes) =>
        JsonSerializer.Deserialize<PluginManifest>(bytes, s_json) is { Id: not null, Version: not null, Assembly: not null, Files: not null } manifest
            ? manifest
            : throw new UntrustedException("its manifest lacks a field");

    public byte[] Write() => JsonSerializer.SerializeToUtf8Bytes(this, s_json);

    /// <summary>A plug-in's id: a lower-case word, as every module's.</summary>
    public static bool IsId(string text) => text.Length is > 1 and <= 30 && char.IsAsciiLetterLower(text[0]) && text.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c));

    public static string HashOf(byte[] bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));
}
