using System.Text.Json;
using Appliance.Contracts;
using Appliance.Uplink.Gate;
using Appliance.Uplink.Stix;
using Microsoft.AspNetCore.Http;

namespace Appliance.Uplink.Taxii;

/// <summary>The TAXII 2.1 resources that are read (OASIS Standard, 10 June 2021, sections 4 and 5).</summary>
internal sealed class TaxiiServer(CollectionReader reader, NodeStore nodes, NotePulled pulled, UplinkOptions options)
{
    /// <summary>The one API root.</summary>
    public const string Root = "/taxii2/share/";

    public async Task<IResult> DiscoveryAsync(HttpContext http)
    {
        var node = await nodes.ReadAsync(http.RequestAborted);
        var root = (options.PublicUrl.Length > 0 ? options.PublicUrl.TrimEnd('/') : $"{http.Request.Scheme}://{http.Request.Host}") + Root;
        return new TaxiiJson(json =>
        {
            json.WriteStartObject();
            json.WriteString("title", node.Name);
            json.WriteString("description", options.Role == NodeRole.Hub ? "CIRT Appliance, hub" : "CIRT Appliance, national node");
            json.WriteString("default", root);
            json.WriteStartArray("api_roots");
            json.WriteStringValue(root);
            json.WriteEndArray();
            json.WriteEndObject();
        });
    }

    public async Task<IResult> RootAsync(HttpContext http)
    {
        var node = await nodes.ReadAsync(http.RequestAborted);
        return new TaxiiJson(json =>
        {
            json.WriteStartObject();
            json.WriteString("title", node.Name);
            json.WriteStartArray("versions");
            json.WriteStringValue(Media.Taxii);
            json.WriteEndArray();
            json.WriteNumber("max_content_length", options.MaxBodyMiB * 1024L * 1024L);
            json.WriteEndObject();
        });
    }

    public async Task<IResult> CollectionsAsync(HttpContext http, PeerId peer)
    {
        var own = await reader.OwnAsync(peer, http.RequestAborted);
        return new TaxiiJson(json =>
        {
            json.WriteStartObject();
            if (own.Count > 0)
            {
                json.WriteStartArray("collections");
                foreach (var collection in own)
                    Write(json, collection);
                json.WriteEndArray();
            }
            json.WriteEndObject();
        });
    }

    public async Task<IResult> CollectionAsync(HttpContext http, PeerId peer, string collection) =>
        await reader.FindAsync(peer, collection, http.RequestAborted) is { } found ? new TaxiiJson(json => Write(json, found)) : TaxiiFault.Unknown();

    public Task<IResult> ObjectsAsync(HttpContext http, PeerId peer, string collection) => PageAsync(http, peer, collection, "objects", null, bodies: true);

    public Task<IResult> ManifestAsync(HttpContext http, PeerId peer, string collection) => PageAsync(http, peer, collection, "manifest", null, bodies: false);

    public Task<IResult> ObjectAsync(HttpContext http, PeerId peer, string collection, string id) => PageAsync(http, peer, collection, "object", id, bodies: true);

    public Task<IResult> VersionsAsync(HttpContext http, PeerId peer, string collection, string id) => PageAsync(http, peer, collection, "versions", id, bodies: false);

    private async Task<IResult> PageAsync(HttpContext http, PeerId peer, string name, string endpoint, string? id, bool bodies)
    {
        var cancel = http.RequestAborted;
        if (await reader.FindAsync(peer, name, cancel) is not { } collection)
            return TaxiiFault.Unknown();
        var node = await nodes.ReadAsync(cancel);
        if (TaxiiFilter.Read(http.Request.Query, endpoint, $"{collection.Id}/{id}", options.PageObjects, node.PageKey, out var fault) is not { } filter)
            return TaxiiFault.Bad(fault);
        if (id is not null)
        {
            if (!await reader.HasAsync(collection, id, cancel))
                return TaxiiFault.Unknown();
            filter = filter with { Ids = [id] };
        }
        var page = await reader.ReadAsync(collection, filter, bodies, cancel);
        if (bodies)
            return new EnvelopeAnswer(page, () => pulled.NoteAsync(peer, page, cancel));
        return new ListAnswer(page, json => Listing(json, page, endpoint));
    }

    private static void Listing(Utf8JsonWriter json, Served page, string endpoint)
    {
        if (page.Items.Count == 0)
            return;
        json.WriteStartArray(endpoint == "versions" ? "versions" : "objects");
        foreach (var item in page.Items)
        {
            if (endpoint == "versions")
            {
                json.WriteStringValue(StixTime.Taxii(item.Version));
                continue;
            }
            json.WriteStartObject();
            json.WriteString("id", item.StixId);
            json.WriteString("date_added", StixTime.Taxii(item.DateAdded));
            json.WriteString("version", StixTime.Taxii(item.Version));
            json.WriteString("media_type", Media.Stix);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static void Write(Utf8JsonWriter json, Collection collection)
    {
        json.WriteStartObject();
        json.WriteString("id", collection.Id);
        json.WriteString("title", collection.CanWrite ? "Inbox" : "Shared");
        json.WriteString("description", collection.CanWrite ? "What you send: objects and acknowledgements. You can read back what you wrote." : "What is shared with you.");
        json.WriteString("alias", collection.Kind);
        json.WriteBoolean("can_read", true);
        json.WriteBoolean("can_write", collection.CanWrite);
        json.WriteStartArray("media_types");
        json.WriteStringValue(Media.Stix);
        json.WriteEndArray();
        json.WriteEndObject();
    }
}
