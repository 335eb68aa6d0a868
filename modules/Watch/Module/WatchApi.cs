using System.Text;
using Appliance.Contracts;
using Appliance.Kernel.Modules;
using Appliance.Watch.Advisories;
using Appliance.Watch.Desk;
using Appliance.Watch.Feeds;
using Appliance.Watch.Notify;
using Appliance.Watch.Syndication;
using Appliance.Watch.Words;
using Microsoft.AspNetCore.Http;

namespace Appliance.Watch;

/// <summary>The watch over <c>/api/v1/watch</c>: the same acts and queries as the pages.</summary>
internal static class WatchApi
{
    public static void Describe(IModuleBuilder builder)
    {
        builder
            .Endpoint("GET", "items", Permissions.ReadItems, (Viewer viewer, ListItems list, string? state, string? source, string? words, bool? matched, string? after, int? limit, CancellationToken cancel) =>
                list.RunAsync(viewer, new(state ?? "", source ?? "", words ?? "", matched ?? false, after, limit ?? 50), cancel))
            .Endpoint("GET", "items/{id:guid}", Permissions.ReadItems, (Viewer viewer, ShowItem show, Guid id, CancellationToken cancel) => show.RunAsync(viewer, id, cancel))
            .Endpoint("POST", "items/decide", Permissions.DecideItems, (Viewer viewer, DecideItems decide, ItemDecision decision, CancellationToken cancel) => decide.RunAsync(viewer, decision, cancel))
            .Example(new { items = new[] { "0198c7a0-0000-7000-8000-000000000001" }, state = "kept" })
            .Endpoint("GET", "words", Permissions.ReadItems, (Viewer viewer, ListWords list, CancellationToken cancel) => list.RunAsync(viewer, default, cancel))
            .Endpoint("POST", "words", Permissions.DecideItems, (Viewer viewer, AddWord add, WordToAdd word, CancellationToken cancel) => add.RunAsync(viewer, word, cancel))
            .Example(new { word = "path traversal", note = "Portals of the country" })
            .Endpoint("DELETE", "words/{id:guid}", Permissions.DecideItems, (Viewer viewer, RemoveWord remove, Guid id, CancellationToken cancel) => remove.RunAsync(viewer, id, cancel));
        DescribeFeeds(builder);
        DescribeAdvisories(builder);
    }

    private static void DescribeFeeds(IModuleBuilder builder) => builder
        .Endpoint("GET", "feeds", Permissions.ReadItems, (Viewer viewer, ListFeeds list, CancellationToken cancel) => list.RunAsync(viewer, default, cancel))
        .Endpoint("POST", "feeds", Permissions.ManageFeeds, (Viewer viewer, AddFeed add, FeedFields fields, CancellationToken cancel) => add.RunAsync(viewer, fields, cancel))
        .Example(new { name = "Vendor", kind = "carried" })
        .Endpoint("PUT", "feeds/{id:guid}", Permissions.ManageFeeds, (Viewer viewer, EditFeed edit, Guid id, FeedBody body, CancellationToken cancel) => edit.RunAsync(viewer, new(id, body.Version, body.Fields), cancel))
        .Example(new { version = 1, fields = new { name = "Vendor", kind = "carried" } })
        .Endpoint("POST", "feeds/{id:guid}/fetch", Permissions.ManageFeeds, (Viewer viewer, FetchSoon fetch, Guid id, CancellationToken cancel) => fetch.RunAsync(viewer, id, cancel))
        .Endpoint("POST", "feeds/{id:guid}/pause", Permissions.ManageFeeds, (Viewer viewer, PauseFeed pause, Guid id, CancellationToken cancel) => pause.RunAsync(viewer, new(id, true), cancel))
        .Endpoint("POST", "feeds/{id:guid}/resume", Permissions.ManageFeeds, (Viewer viewer, PauseFeed pause, Guid id, CancellationToken cancel) => pause.RunAsync(viewer, new(id, false), cancel))
        .Endpoint("POST", "feeds/{id:guid}/carry", Permissions.ManageFeeds, CarryAsync)
        .Endpoint("DELETE", "feeds/{id:guid}", Permissions.ManageFeeds, (Viewer viewer, RemoveFeed remove, Guid id, CancellationToken cancel) => remove.RunAsync(viewer, id, cancel));

    private static void DescribeAdvisories(IModuleBuilder builder) => builder
        .Endpoint("GET", "advisories", Permissions.ReadAdvisories, (Viewer viewer, ListAdvisories list, string? state, string? words, string? after, int? limit, CancellationToken cancel) =>
            list.RunAsync(viewer, new(state ?? "", words ?? "", after, limit ?? 50), cancel))
        .Endpoint("POST", "advisories", Permissions.WriteAdvisories, (Viewer viewer, CreateAdvisory create, AdvisoryToCreate advisory, CancellationToken cancel) => create.RunAsync(viewer, advisory, cancel))
        .Example(new { fields = new { title = "Path traversal against web portals", severity = 2, tlp = "green", summary = "Portals are probed.", body = "## What to do\n\nUpdate to 4.2.1." } })
        .Endpoint("GET", "advisories/{number}", Permissions.ReadAdvisories, (Viewer viewer, ShowAdvisory show, string number, CancellationToken cancel) => show.RunAsync(viewer, number, cancel))
        .Endpoint("GET", "advisories/{number}/text", Permissions.ReadAdvisories, TextAsync)
        .Endpoint("PUT", "advisories/{id:guid}", Permissions.WriteAdvisories, (Viewer viewer, EditAdvisory edit, Guid id, AdvisoryBody body, CancellationToken cancel) => edit.RunAsync(viewer, new(new(id), body.Version, body.Fields), cancel))
        .Example(new { version = 1, fields = new { title = "Path traversal against web portals", severity = 2, tlp = "green", summary = "Portals are probed.", body = "## What to do\n\nUpdate to 4.2.1." } })
        .Endpoint("POST", "advisories/{id:guid}/submit", Permissions.WriteAdvisories, (Viewer viewer, SubmitAdvisory act, Guid id, StepBody body, CancellationToken cancel) => act.RunAsync(viewer, body.For(id), cancel))
        .Example(new { version = 1 })
        .Endpoint("POST", "advisories/{id:guid}/approve", Permissions.ApproveAdvisories, (Viewer viewer, ApproveAdvisory act, Guid id, StepBody body, CancellationToken cancel) => act.RunAsync(viewer, body.For(id), cancel))
        .Example(new { version = 1 })
        .Endpoint("POST", "advisories/{id:guid}/return", Permissions.ApproveAdvisories, (Viewer viewer, ReturnAdvisory act, Guid id, StepBody body, CancellationToken cancel) => act.RunAsync(viewer, body.For(id), cancel))
        .Example(new { version = 1, reason = "The remedy is missing." })
        .Endpoint("POST", "advisories/{id:guid}/withdraw", Permissions.PublishAdvisories, (Viewer viewer, WithdrawAdvisory act, Guid id, StepBody body, CancellationToken cancel) => act.RunAsync(viewer, body.For(id), cancel))
        .Example(new { version = 1, reason = "The vendor withdrew it." })
        .Endpoint("POST", "advisories/{id:guid}/publish", Permissions.PublishAdvisories, (Viewer viewer, PublishAdvisory act, Guid id, PublishBody body, CancellationToken cancel) =>
            act.RunAsync(viewer, new(new(id), body.Version, body.TellDirectory, body.TellSubscribers), cancel))
        .Example(new { version = 1, tellDirectory = true, tellSubscribers = true })
        .Endpoint("GET", "subscribers", Permissions.ReadAdvisories, (Viewer viewer, ListSubscribers list, CancellationToken cancel) => list.RunAsync(viewer, default, cancel))
        .Endpoint("POST", "subscribers", Permissions.ManageSubscribers, (Viewer viewer, AddSubscriber add, SubscriberToAdd subscriber, CancellationToken cancel) => add.RunAsync(viewer, subscriber, cancel))
        .Example(new { mail = "reader@finance.example", name = "Reader", language = "en", upTo = "green" })
        .Endpoint("DELETE", "subscribers/{id:guid}", Permissions.ManageSubscribers, (Viewer viewer, RemoveSubscriber remove, Guid id, CancellationToken cancel) => remove.RunAsync(viewer, id, cancel));

    private static async Task<Outcome<int>> CarryAsync(Viewer viewer, CarryIn carry, Guid id, HttpRequest request, CancellationToken cancel)
    {
        using var content = new MemoryStream();
        if (request.HasFormContentType && (await request.ReadFormAsync(cancel)).Files is [var file, ..])
        {
            if (file.Length <= FeedLimits.MaxBytes + 1)
                await file.CopyToAsync(content, cancel);
            return await carry.RunAsync(viewer, new(id, file.FileName, content.ToArray()), cancel);
        }
        var buffer = new byte[65_536];
        int read;
        while (content.Length <= FeedLimits.MaxBytes && (read = await request.Body.ReadAsync(buffer, cancel)) > 0)
            content.Write(buffer, 0, read);
        return await carry.RunAsync(viewer, new(id, "upload", content.ToArray()), cancel);
    }

    private static async Task<object?> TextAsync(Viewer viewer, ReadAdvisory read, AdvisoryText text, string number, int? revision, string? language, CancellationToken cancel)
    {
        var found = await read.RunAsync(viewer, new(number, revision ?? 0), cancel);
        if (!found.TryGet(out var row))
            return found;
        var wanted = Languages.All.Contains(language) ? language! : row.Language;
        return Results.File(Encoding.UTF8.GetBytes(text.Write(row, row.Revision, row.PublishedAt, wanted)), "text/plain; charset=utf-8", $"{row.Number}.txt");
    }

    internal sealed record FeedBody(FeedFields Fields, int Version = 0);

    internal sealed record AdvisoryBody(AdvisoryFields Fields, int Version = 0);

    internal sealed record StepBody(int Version = 0, string Reason = "")
    {
        public AdvisoryStep For(Guid id) => new(new(id), Version, Reason);
    }

    internal sealed record PublishBody(int Version = 0, bool TellDirectory = true, bool TellSubscribers = true);
}
