using System.Text;
using Appliance.Contracts;
using Appliance.Kernel.Data;

namespace Appliance.Kernel.Drafts;

/// <summary>Drafts in the database, per person and place.</summary>
internal sealed class StoredDrafts(Database database, TimeProvider time) : IDrafts
{
    private const int LargestBytes = 1024 * 1024;

    private const string Read = "select body from kernel.drafts where user_id = @User and place = @Place";

    private const string Upsert =
        """
        insert into kernel.drafts (user_id, place, body, saved_at) values (@User, @Place, @Body, @Now)
        on conflict (user_id, place) do update set body = excluded.body, saved_at = excluded.saved_at
        """;

    private const string Drop = "delete from kernel.drafts where user_id = @User and place = @Place";

    public Task<string?> LoadAsync(Viewer viewer, string place, CancellationToken cancel) =>
        database.FindAsync<string>(Read, new { User = viewer.Id, Place = Checked(place) }, cancel);

    public Task SaveAsync(Viewer viewer, string place, string text, CancellationToken cancel)
    {
        if (Encoding.UTF8.GetByteCount(text) > LargestBytes)
            throw new ArgumentException("a draft is larger than 1 MiB", nameof(text));
        // PostgreSQL's text has no NUL; nobody types one on purpose.
        return database.ExecuteAsync(Upsert, new { User = viewer.Id, Place = Checked(place), Body = text.Replace("\0", "", StringComparison.Ordinal), Now = time.GetUtcNow() }, cancel);
    }

    public Task DropAsync(Viewer viewer, string place, CancellationToken cancel) =>
        database.ExecuteAsync(Drop, new { User = viewer.Id, Place = Checked(place) }, cancel);

    private static string Checked(string place) =>
        place.Length is > 0 and <= 300 ? place : throw new ArgumentException("a draft's place has 1 to 300 characters", nameof(place));
}
