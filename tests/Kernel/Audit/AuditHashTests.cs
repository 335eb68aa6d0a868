using Appliance.Kernel.Audit;
using Xunit;

namespace Appliance.Kernel.Tests.Audit;

public sealed class AuditHashTests
{
    private static readonly AuditRow s_row = new(Guid.Parse("01890000-0000-7000-8000-000000000001"), DateTimeOffset.UnixEpoch, Guid.Empty, "ana", "x.y", "a/1", "{}");

    [Fact]
    public void Text_moved_between_fields_changes_the_seal() =>
        Assert.NotEqual(AuditSealer.Hash(new byte[32], s_row with { ActorName = "anax", Action = ".y" }), AuditSealer.Hash(new byte[32], s_row));

    [Fact]
    public void Every_field_and_the_seal_before_count()
    {
        var seals = new[]
        {
            s_row, s_row with { Id = Guid.Empty }, s_row with { At = DateTimeOffset.UnixEpoch.AddMicroseconds(1) }, s_row with { ActorId = Guid.Parse("01890000-0000-7000-8000-000000000002") },
            s_row with { ActorName = "bob" }, s_row with { Action = "x.z" }, s_row with { Subject = "a/2" }, s_row with { Detail = "[]" },
        }.Select(r => Convert.ToHexString(AuditSealer.Hash(new byte[32], r))).Append(Convert.ToHexString(AuditSealer.Hash([1, .. new byte[31]], s_row))).ToList();
        Assert.Equal(seals.Count, seals.Distinct().Count());
    }
}
