using System.Buffers;
using Appliance.Contracts;
using Appliance.Kernel.Modules;
using Appliance.Uplink.Gate;
using Appliance.Uplink.Stix;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;

namespace Appliance.Uplink.Taxii;

/// <summary>The paths of the TAXII server. Each serves with and without the closing slash; what is none of them is answered in TAXII's own error form.</summary>
internal static class TaxiiEndpoints
{
    private const string Root = "/taxii2/share";

    private const string Collection = $"{Root}/collections/{{collection}}";

    public static void Describe(IModuleBuilder builder) => builder
        .Endpoint("GET", "/taxii2", Permissions.TaxiiRead, (HttpContext http) => ReadAsync(http, (server, _) => server.DiscoveryAsync(http)))
        .Endpoint("GET", Root, Permissions.TaxiiRead, (HttpContext http) => ReadAsync(http, (server, _) => server.RootAsync(http)))
        .Endpoint("GET", $"{Root}/collections", Permissions.TaxiiRead, (HttpContext http) => ReadAsync(http, (server, peer) => server.CollectionsAsync(http, peer)))
        .Endpoint("GET", Collection, Permissions.TaxiiRead, (HttpContext http, string collection) => ReadAsync(http, (server, peer) => server.CollectionAsync(http, peer, collection)))
        .Endpoint("GET", $"{Collection}/manifest", Permissions.TaxiiRead, (HttpContext http, string collection) => ReadAsync(http, (server, peer) => server.ManifestAsync(http, peer, collection)))
        .Endpoint("GET", $"{Collection}/objects", Permissions.TaxiiRead, (HttpContext http, string collection) => ReadAsync(http, (server, peer) => server.ObjectsAsync(http, peer, collection)))
        .Endpoint("GET", $"{Collection}/objects/{{id}}", Permissions.TaxiiRead, (HttpContext http, string collection, string id) => ReadAsync(http, (server, peer) => server.ObjectAsync(http, peer, collection, id)))
        .Endpoint("GET", $"{Collection}/objects/{{id}}/versions", Permissions.TaxiiRead, (HttpContext http, string collection, string id) => ReadAsync(http, (server, peer) => server.VersionsAsync(http, peer, collection, id)))
        .Endpoint("POST", $"{Collection}/objects", Permissions.TaxiiWrite, PostAsync)
        .Endpoint("DELETE", $"{Collection}/objects/{{id}}", Permissions.TaxiiWrite, DeleteAsync)
        .Endpoint("GET", $"{Root}/status/{{status}}", Permissions.TaxiiWrite, StatusAsync)
        .Endpoint("GET", "/taxii2/{**rest}", Permissions.TaxiiRead, () => TaxiiFault.Unknown())
        .Endpoint("POST", "/taxii2/{**rest}", Permissions.TaxiiRead, () => NotAllowed())
        .Endpoint("PUT", "/taxii2/{**rest}", Permissions.TaxiiRead, () => NotAllowed())
        .Endpoint("PATCH", "/taxii2/{**rest}", Permissions.TaxiiRead, () => NotAllowed())
        .Endpoint("DELETE", "/taxii2/{**rest}", Permissions.TaxiiRead, () => NotAllowed());

    private static TaxiiFault NotAllowed() => new(405, "Method not allowed", "This resource is read with GET; objects are sent with POST to a collection's objects.");

    private static async Task<IResult> ReadAsync(HttpContext http, Func<TaxiiServer, PeerId, Task<IResult>> answer)
    {
        if (await CallerAsync(http) is not { Peer: { } peer })
            return NoPeer();
        if (!Media.Accepts(http.Request))
            return TaxiiFault.NotAcceptable();
        await http.RequestServices.GetRequiredService<NotePulled>().ContactAsync(peer, http.RequestAborted);
        return await answer(http.RequestServices.GetRequiredService<TaxiiServer>(), peer);
    }

    private static async Task<IResult> PostAsync(HttpContext http, string collection)
    {
        var cancel = http.RequestAborted;
        var options = http.RequestServices.GetRequiredService<UplinkOptions>();
        if (await CallerAsync(http) is not { Peer: { } peer } viewer)
            return NoPeer();
        if (!Media.Accepts(http.Request))
            return TaxiiFault.NotAcceptable();
        if (!Media.IsTaxii(http.Request))
            return TaxiiFault.WrongBody();
        if (await http.RequestServices.GetRequiredService<CollectionReader>().FindAsync(peer, collection, cancel) is not { } place)
            return TaxiiFault.Unknown();
        if (!place.CanWrite)
            return NotWritable();
        if (await BodyAsync(http, options.MaxBodyMiB * 1024 * 1024, cancel) is not { } body)
            return TaxiiFault.TooLarge(options.MaxBodyMiB);
        if (Envelope.Read(body, options.MaxJsonDepth, out var fault) is not { } envelope)
            return TaxiiFault.Bad(fault);
        if (envelope.Objects.Count == 0)
            return new TaxiiFault(422, "Unprocessable", "The envelope holds no objects.");
        var outcome = await http.RequestServices.GetRequiredService<PostObjects>().RunAsync(viewer, new(place, envelope), cancel);
        return outcome.TryGet(out var status) ? new TaxiiJson(json => status.WriteTo(json), 202) : NoPeer();
    }

    private static async Task<IResult> DeleteAsync(HttpContext http, string collection, string id)
    {
        var cancel = http.RequestAborted;
        if (await CallerAsync(http) is not { Peer: { } peer } viewer)
            return NoPeer();
        if (!Media.Accepts(http.Request))
            return TaxiiFault.NotAcceptable();
        var reader = http.RequestServices.GetRequiredService<CollectionReader>();
        if (await reader.FindAsync(peer, collection, cancel) is not { } place)
            return TaxiiFault.Unknown();
        if (!place.CanWrite)
            return NotWritable();
        var node = await http.RequestServices.GetRequiredService<NodeStore>().ReadAsync(cancel);
        if (TaxiiFilter.Read(http.Request.Query, "object", $"{place.Id}/{id}", 1, node.PageKey, out var fault) is not { } filter)
            return TaxiiFault.Bad(fault);
        if (!await reader.HasAsync(place, id, cancel))
            return TaxiiFault.Unknown();
        await http.RequestServices.GetRequiredService<DeleteObject>().RunAsync(viewer, new(place, id, filter), cancel);
        return new TaxiiJson(json =>
        {
            json.WriteStartObject();
            json.WriteEndObject();
        });
    }

    private static async Task<IResult> StatusAsync(HttpContext http, string status)
    {
        if (await CallerAsync(http) is not { Peer: not null } viewer)
            return NoPeer();
        if (!Media.Accepts(http.Request))
            return TaxiiFault.NotAcceptable();
        if (!Guid.TryParse(status, out var id))
            return TaxiiFault.Unknown();
        var outcome = await http.RequestServices.GetRequiredService<ReadStatus>().RunAsync(viewer, id, http.RequestAborted);
        return outcome.TryGet(out var body) ? new TaxiiJson(json => json.WriteRawValue(body)) : TaxiiFault.Unknown();
    }

    /// <summary>The body up to the limit, or null beyond it. The server's own limit is lifted here so that the answer can be TAXII's.</summary>
    private static async Task<byte[]?> BodyAsync(HttpContext http, int limit, CancellationToken cancel)
    {
        if (http.Request.ContentLength > limit)
            return null;
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
            size.MaxRequestBodySize = limit + 1L;
        using var body = new MemoryStream();
        var buffer = ArrayPool<byte>.Shared.Rent(64 * 1024);
        try
        {
            int read;
            while ((read = await http.Request.Body.ReadAsync(buffer, cancel)) > 0)
            {
                if (body.Length + read > limit)
                    return null;
                body.Write(buffer, 0, read);
            }
            return body.ToArray();
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static async Task<Viewer?> CallerAsync(HttpContext http) =>
        await http.RequestServices.GetRequiredService<ICurrentViewer>().FindAsync(http.RequestAborted);

    private static TaxiiFault NoPeer() => new(403, "Forbidden", "These credentials belong to no peer, or the peer is not trusted.");

    private static TaxiiFault NotWritable() => new(403, "Forbidden", "This collection is read only. Write into the collection with the alias inbox.");
}
